import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../kernel/units.js';
import { limitsBeforeEvent } from './limits-before-event.js';
import type { LimitKind, OperatorLimit } from './operator-limit.js';

const limit = (kind: LimitKind, scope: string, startMs: number, endMs: number): OperatorLimit => ({
  id: 1,
  kind,
  scope,
  valueW: 5_000,
  startMs,
  endMs,
  reason: 'line work',
  setBy: 'anna',
  setAtMs: 0,
});

describe('the limits that an event has to stay within', () => {
  const up = { direction: 'up', startMs: HOUR_MS, endMs: 2 * HOUR_MS } as const;
  const export5kW = limit('export', 'fleet', 0, HOUR_MS + 1);

  it('are those of its direction that reach into its time', () => {
    expect(limitsBeforeEvent(up, [export5kW])).toEqual(['The export limit of 5000 W on the fleet comes before it.']);
    expect(limitsBeforeEvent(up, [limit('generation', 'home-1', HOUR_MS, 9 * HOUR_MS)])).toEqual([
      'The generation limit of 5000 W on home-1 comes before it.',
    ]);
    expect(limitsBeforeEvent({ ...up, direction: 'down' }, [export5kW])).toEqual([]);
    expect(limitsBeforeEvent(up, [limit('import', 'fleet', 0, 9 * HOUR_MS)])).toEqual([]);
    expect(limitsBeforeEvent(up, [limit('export', 'fleet', 0, HOUR_MS)])).toEqual([]);
  });
});
