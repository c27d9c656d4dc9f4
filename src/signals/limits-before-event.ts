import { overlaps } from '../kernel/interval.js';
import type { GridEvent } from './grid-event.js';
import { FLEET_SCOPE, type LimitKind, type OperatorLimit } from './operator-limit.js';

/** Limits that stand against giving more to the grid, and against taking more. */
const AGAINST: Readonly<Record<GridEvent['direction'], readonly LimitKind[]>> = {
  up: ['export', 'generation', 'sun'],
  down: ['import', 'load', 'dimming'],
};

/** In words, each operator's limit that an event has to stay within for a part of its time. */
export const limitsBeforeEvent = (event: Pick<GridEvent, 'direction' | 'startMs' | 'endMs'>, limits: readonly OperatorLimit[]): string[] =>
  limits
    .filter((limit) => AGAINST[event.direction].includes(limit.kind) && overlaps(limit, event))
    .map(
      ({ kind, valueW, scope }) =>
        `The ${kind} limit of ${Math.round(valueW)} W on ${scope === FLEET_SCOPE ? 'the fleet' : scope} comes before it.`,
    );
