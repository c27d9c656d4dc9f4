import type { DecisionInput, GridLimits, PlannedDevice } from '../../dispatch/decision.js';
import type { DeviceId, Plant } from '../../fleet/plant.js';
import { contains } from '../../kernel/interval.js';
import type { EpochMs } from '../../kernel/units.js';
import type { Setpoint } from '../../field/setpoint.js';
import { askedAt, type EventCourse, followedAt, quietFromMs } from '../../signals/event-ramp.js';
import { overridesAt } from '../../signals/manual-override.js';
import { FLEET_SCOPE, limitAt, type LimitScope, LIMIT_KINDS, type OperatorLimit, safeLimitW } from '../../signals/operator-limit.js';
import { type HappeningOf, type Scenario, those } from './scenario-file.js';

type Wishes = Pick<DecisionInput, 'event' | 'siteLimits' | 'fleetLimits' | 'overrides' | 'planned' | 'lockedOut' | 'consents'>;

/** What the world wants at a moment, by the same rules as in a plant that runs. */
export const wishesAt = (scenario: Scenario, plant: Plant, nowMs: EpochMs): Wishes => {
  const { sites } = scenario;
  const event = eventAt(scenario, nowMs);
  const planned = plannedAt(scenario, nowMs);
  const limits = limitsOf(scenario);
  const limitsAt = (scope: LimitScope): GridLimits => {
    const safe = sites.find(({ id }) => id === scope)?.safeLimits;
    const entries = LIMIT_KINDS.map((kind) => [`${kind}W`, limitAt(limits, scope, kind, safeLimitW(safe, kind), nowMs)] as const);
    return Object.fromEntries(entries.flatMap(([name, now]) => (now.kind === 'none' ? [] : [[name, now.valueW]])));
  };
  return {
    ...(event ? { event } : {}),
    siteLimits: new Map(plant.sites.map(({ id }) => [id, limitsAt(id)])),
    fleetLimits: limitsAt(FLEET_SCOPE),
    overrides: overridesOf(scenario, nowMs),
    ...(planned ? { planned } : {}),
    lockedOut: lockedOutAt(scenario, plant, nowMs),
    consents: new Map(sites.map(({ id, reserveFloorPct, optedOut }) => [id, { reserveFloorPct, optedOut }])),
  };
};

const eventAt = (scenario: Scenario, nowMs: EpochMs): DecisionInput['event'] => {
  const { happens, sites, start } = scenario;
  const followed = followedAt(
    those(happens, 'event').map((event) => courseOf(scenario, event, nowMs)),
    nowMs,
  );
  if (!followed) return undefined;
  const { event, direction, powerW } = followed;
  return {
    id: event.id,
    direction,
    powerW,
    endMs: quietFromMs(event),
    baselineW: new Map(sites.flatMap(({ id, baselineW }) => (baselineW === undefined ? [] : [[id, baselineW]]))),
    optedOut: new Set(those(happens, 'optOut').flatMap((one) => (start + one.at <= nowMs ? [one.optOut] : []))),
  };
};

/** An event with all that was changed of it until now. One that runs is cut short by a cancellation. */
const courseOf = (
  { happens, start }: Scenario,
  { id, event, powerW, at, for: lengthMs }: HappeningOf<'event'>,
  nowMs: EpochMs,
): EventCourse => {
  const startMs = start + at;
  let course: EventCourse = { id, direction: event, powerW, startMs, endMs: startMs + lengthMs, state: 'announced' };
  for (const one of happens) {
    const atMs = start + one.at;
    if (atMs > nowMs) continue;
    const changed = { atMs, fromW: askedAt(course, atMs) };
    if ('amendEvent' in one && one.id === id) course = { ...course, changed, powerW: one.amendEvent };
    else if ('cancelEvent' in one && one.cancelEvent === id)
      course = { ...course, changed, ...(atMs < startMs ? { state: 'cancelled' } : { endMs: Math.min(course.endMs, atMs) }) };
  }
  return course;
};

const limitsOf = ({ happens, start }: Scenario): OperatorLimit[] =>
  those(happens, 'limit').map(({ limit, scope, valueW, by, at, for: lengthMs }, index) => {
    const withdrawn = those(happens, 'withdrawLimits').find((one) => one.withdrawLimits === by && one.at > at);
    return {
      id: index + 1,
      scope,
      kind: limit,
      valueW,
      reason: 'scenario',
      setBy: by,
      setAtMs: start + at,
      startMs: start + at,
      endMs: start + at + lengthMs,
      ...(withdrawn ? { withdrawnAtMs: start + withdrawn.at } : {}),
    };
  });

const overridesOf = (scenario: Scenario, nowMs: EpochMs): DecisionInput['overrides'] => {
  const { happens, sites, start } = scenario;
  const overrides = those(happens, 'override').map(({ override: deviceId, powerW, run, by, at, for: lengthMs }, index) => {
    const ended = those(happens, 'endOverride').find((one) => one.endOverride === deviceId && one.at > at);
    const times = { startMs: start + at, endMs: start + at + lengthMs, setAtMs: start + at };
    const setpoint: Setpoint =
      run === undefined
        ? isRoof(sites, deviceId)
          ? { kind: 'pv-limit', maxW: powerW }
          : { kind: 'battery-power', powerW }
        : { kind: 'generator', run, powerW };
    return {
      ...times,
      id: index + 1,
      deviceId,
      setpoint,
      reason: 'scenario',
      setBy: by,
      ...(ended ? { withdrawnAtMs: start + ended.at } : {}),
    };
  });
  return new Map([...overridesAt(overrides, nowMs)].map(([id, { setpoint, setBy }]) => [id, { setpoint, by: setBy }]));
};

/** A hybrid's battery is what people set by hand. */
const isRoof = (sites: Scenario['sites'], deviceId: DeviceId): boolean =>
  sites.some(({ roofs }) => roofs.some(({ id, battery }) => id === deviceId && !battery));

const plannedAt = ({ plan, happens, start }: Scenario, nowMs: EpochMs): DecisionInput['planned'] => {
  const lost = those(happens, 'planLost').some(({ at, for: lengthMs }) =>
    contains({ startMs: start + at, endMs: start + at + lengthMs }, nowMs),
  );
  if (lost || plan.length === 0) return undefined;
  const planned = new Map<DeviceId, PlannedDevice>();
  for (const step of plan) {
    if (!contains({ startMs: start + (step.from ?? 0), endMs: start + (step.to ?? Infinity) }, nowMs)) continue;
    const known = planned.get(step.device);
    if ('batteryW' in step) planned.set(step.device, { ...(known?.kind === 'battery' ? known : {}), kind: 'battery', step });
    else if ('run' in step) planned.set(step.device, { kind: 'generator', run: step.run, powerW: step.powerW });
    else if ('drawW' in step) planned.set(step.device, { kind: 'flexible-load', drawW: step.drawW, toComeWh: step.toComeWh });
    else if (known?.kind === 'battery') planned.set(step.device, { ...known, sunAtMostW: step.sunAtMostW });
    else planned.set(step.device, { kind: 'pv', maxW: step.sunAtMostW });
  }
  return planned;
};

const lockedOutAt = ({ happens, start }: Scenario, plant: Plant, nowMs: EpochMs): ReadonlySet<DeviceId> => {
  const subjects = new Set(
    those(happens, 'lockOut').flatMap(({ lockOut, at, for: lengthMs }) =>
      contains({ startMs: start + at, endMs: start + at + lengthMs }, nowMs) ? [lockOut] : [],
    ),
  );
  return new Set(plant.sites.flatMap((site) => site.devices.flatMap(({ id }) => (subjects.has(id) || subjects.has(site.id) ? [id] : []))));
};
