import { type DurationMs, SECOND_MS, type Watt } from '../kernel/units.js';
import {
  type Following,
  followingOf,
  isApart,
  leftAtMs,
  levelOf,
  type PowerLevel,
  type PowerSample,
  type PulseStep,
  respondedAtMs,
} from './pulse.js';
import type { LastPhase, Phase, TrialRecord } from './pulse-record.js';
import { controlledPowerW, ownPowerW, type SiteSample, type Trial } from './pulse-trial.js';
import type { Setpoint } from './setpoint.js';

/** What the phases of a trial say. Everything here follows from its record alone. */

/** How a device's power followed what it was told, and the meter the device. */
export interface TrialFollowing {
  readonly device: Following;
  readonly meter: Following;
  /** The site's other devices made up for the pulse, so that there was nothing for the meter to see. */
  readonly madeUpFor: boolean;
  /** Its power was below its limit all the time, whether or not it heeds one. */
  readonly belowLimit: boolean;
}

/** How and when a device let go by itself; times from the last write. */
export interface Reversion {
  readonly registerMs?: DurationMs;
  readonly powerMs?: DurationMs;
  /** Whether its power by itself was far enough from what it was told to see it let go. */
  readonly visible: boolean;
}

/** A phase with where its powers stood when they had settled. */
interface Settled {
  readonly toldW: Watt | undefined;
  readonly controlled: PowerLevel | undefined;
  readonly own: PowerLevel | undefined;
  readonly grid: PowerLevel | undefined;
  readonly others: PowerLevel | undefined;
}

export const followingIn = (record: TrialRecord): TrialFollowing => {
  const phases = settledPhases(record);
  const seen = pairsOf(phases).flatMap(([before, after]) => meterStep(before, after));
  const visible = seen.filter(({ madeUpFor }) => !madeUpFor);
  return {
    device: deviceFollowing(record.trial, phases),
    meter: followingOf(largeAmong(visible)),
    madeUpFor: seen.length > 0 && visible.length < seen.length / 2,
    belowLimit: isBelowLimit(record.trial, phases),
  };
};

/** Whether more pulses would tell nothing more. */
export const isAnswered = (record: TrialRecord): boolean => {
  const { device, meter, madeUpFor } = followingIn(record);
  if (device.kind !== 'along') return device.kind !== 'unclear';
  const metered = record.phases.some(({ samples }) => samples.some(({ gridW }) => gridW !== undefined));
  return !metered || madeUpFor || meter.kind !== 'unclear';
};

/** From a write to the first clear response of the power it acts on, in the middle of those that were clear. */
export const latencyIn = (record: TrialRecord): DurationMs | undefined => {
  const phases: Phase[] = [...record.phases, ...(record.last ? [record.last] : [])];
  const settled = settledPhases(record);
  const found = phases.slice(1).flatMap(({ toldW, beganAtMs, samples }, index) => {
    const before = settled[index]?.controlled;
    if (toldW === undefined || !before || !isApart(before, toldW, 0)) return [];
    if (record.trial.control === 'pv-limit' && before.typicalW < toldW) return [];
    const atMs = respondedAtMs(controlledOf(record, samples), before, toldW);
    return atMs === undefined ? [] : [atMs - beganAtMs];
  });
  return found.length === 0 ? undefined : Math.round(found.sort((a, b) => a - b)[found.length >> 1]!);
};

export const reversionIn = (record: TrialRecord): Reversion => {
  const { last, trial } = record;
  const phases = settledPhases(record);
  const [free] = phases;
  const held = last && levelOf(heldSamples(record, last).map(({ powerW }) => powerW));
  const registerMs = last?.registerFreeAtMs === undefined ? undefined : last.registerFreeAtMs - last.beganAtMs;
  if (!last || !held || !free?.controlled || isBelowLimit(trial, phases)) return { registerMs, visible: false };
  const freeW = free.controlled.typicalW;
  const after = controlledOf(record, last.samples).filter(({ atMs }) => atMs >= last.beganAtMs + trial.settleMs);
  // Under a cloud an inverter falls below its limit, and is under it all the same.
  const leftMs = trial.control === 'pv-limit' ? respondedAtMs(after, held, freeW) : leftAtMs(after, held, freeW);
  const powerMs = leftMs === undefined ? undefined : leftMs - last.beganAtMs;
  return { registerMs, powerMs, visible: isApart(held, freeW, Math.abs(record.trial.lastW) * LEAST_APART) };
};

const LEAST_APART = 0.02;

/** Whether its power has been seen to let go. */
export const hasLeft = (record: TrialRecord): boolean => reversionIn(record).powerMs !== undefined;

const controlledOf = ({ trial }: TrialRecord, samples: readonly SiteSample[]): PowerSample[] =>
  samples.flatMap(({ atMs, device }) => {
    const powerW = controlledPowerW(trial.control, device);
    return powerW === undefined ? [] : [{ atMs, powerW }];
  });

/** Of the last setpoint: while it was reached and its timer surely ran. */
const heldSamples = (record: TrialRecord, last: LastPhase): PowerSample[] => {
  const { settleMs, leaseS } = record.trial;
  const [fromMs, untilMs] = [last.beganAtMs + settleMs, last.beganAtMs + leaseS * SECOND_MS * SURELY];
  return controlledOf(record, last.samples).filter(
    ({ atMs }) => atMs >= fromMs && atMs < Math.min(untilMs, last.registerFreeAtMs ?? Infinity),
  );
};

const SURELY = 0.9;

const settledPhases = (record: TrialRecord): Settled[] => {
  const { trial, phases, last } = record;
  // Before anything is told there is nothing to settle.
  const from = (phase: Phase): DurationMs => (phase === phases[0] ? phase.beganAtMs : phase.beganAtMs + trial.phaseMs / 2);
  const settled = phases.map((phase) => {
    const samples = phase.samples.filter(({ atMs }) => atMs >= from(phase));
    return settledOf(trial.control, phase.toldW, samples);
  });
  if (!last) return settled;
  const held = new Set(heldSamples(record, last).map(({ atMs }) => atMs));
  return [
    ...settled,
    settledOf(
      trial.control,
      last.toldW,
      last.samples.filter(({ atMs }) => held.has(atMs)),
    ),
  ];
};

const settledOf = (control: Setpoint['kind'], toldW: Watt | undefined, samples: readonly SiteSample[]): Settled => {
  const level = (powerOf: (sample: SiteSample) => Watt | undefined): PowerLevel | undefined =>
    levelOf(samples.map(powerOf).filter((powerW) => powerW !== undefined));
  return {
    toldW,
    controlled: level(({ device }) => controlledPowerW(control, device)),
    own: level(({ device }) => ownPowerW(device)),
    grid: level(({ gridW }) => gridW),
    others: level(({ othersW }) => othersW),
  };
};

const pairsOf = <T>(all: readonly T[]): [T, T][] => all.slice(1).map((after, index) => [all[index]!, after]);

/**
 * How a device followed what it was told. Its sign is told by what it was told one after the other: from power of its own to a
 * small pulse it moves nearly as far, and the same way, whichever sign it has.
 */
const deviceFollowing = ({ levelsW, control }: Trial, phases: readonly Settled[]): Following => {
  const steps = pairsOf(phases).flatMap(([before, after], index) => {
    const isBetweenPulses = before.toldW !== undefined && after.toldW !== undefined;
    const tells = control === 'pv-limit' ? mayBite(before, after) : levelsW.length < 2 || isBetweenPulses;
    return !tells ? [] : deviceStep(before, after, phases.slice(0, index + 1));
  });
  const moved = followingOf(largeAmong(steps));
  if (levelsW.length > 1 || control === 'pv-limit') return moved;
  // Of a single pulse its own sign tells, once the power has moved at all.
  const stood = followingOf(phases.flatMap(standing));
  return stood.kind === 'along' || moved.kind === 'not' ? moved : stood;
};

/** A power this little above its limit may be held by it. */
const AT_LIMIT = 0.02;

/** Whether a limit had something to cut on either side of a step: of power that was below it anyway it says nothing. */
const mayBite = (before: Settled, after: Settled): boolean => {
  const limitW = after.toldW ?? before.toldW ?? Infinity;
  return [before, after].some(({ controlled }) => (controlled?.typicalW ?? -Infinity) > limitW * (1 + AT_LIMIT));
};

const isBelowLimit = ({ control }: Trial, phases: readonly Settled[]): boolean =>
  control === 'pv-limit' &&
  phases.some(({ controlled }) => controlled) &&
  !pairsOf(phases).some(([before, after]) => mayBite(before, after));

/** Where the power stood against what was told, as a step from no power at all. */
const standing = ({ toldW, controlled }: Settled): PulseStep[] =>
  toldW === undefined || !controlled ? [] : [{ causeW: toldW, effectW: controlled.typicalW, noiseW: controlled.noiseW }];

/** What the device was told to change by, and what it did. Released, it is to go back to where it had been before. */
const deviceStep = (before: Settled, after: Settled, earlier: readonly Settled[]): PulseStep[] => {
  if (!before.controlled || !after.controlled) return [];
  const freeW = earlier.findLast(({ toldW, controlled }) => toldW === undefined && controlled)?.controlled?.typicalW;
  const fromW = before.toldW ?? before.controlled.typicalW;
  const toW = after.toldW ?? freeW;
  if (toW === undefined) return [];
  const effectW = after.controlled.typicalW - before.controlled.typicalW;
  return [{ causeW: toW - fromW, effectW, noiseW: Math.hypot(before.controlled.noiseW, after.controlled.noiseW) }];
};

/** What the device and its neighbours changed by has to be missing at the meter, or be too much there. */
const meterStep = (before: Settled, after: Settled): (PulseStep & { madeUpFor: boolean })[] => {
  if (!before.own || !after.own || !before.grid || !after.grid) return [];
  const ownW = after.own.typicalW - before.own.typicalW;
  const othersW = before.others && after.others ? after.others.typicalW - before.others.typicalW : 0;
  const noises = [before.own, after.own, before.grid, after.grid].map(({ noiseW }) => noiseW);
  const causeW = -(ownW + othersW);
  const effectW = after.grid.typicalW - before.grid.typicalW;
  return [{ causeW, effectW, noiseW: Math.hypot(...noises), madeUpFor: Math.abs(causeW) < Math.abs(ownW) / 2 }];
};

/** A step that is small beside the others tells little and would count as much. */
const largeAmong = <Step extends PulseStep>(steps: readonly Step[]): Step[] => {
  const largestW = Math.max(0, ...steps.map(({ causeW }) => Math.abs(causeW)));
  return steps.filter(({ causeW }) => Math.abs(causeW) >= largestW / 3);
};
