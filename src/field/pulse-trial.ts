import type { Device, ReversionClass, Site } from '../fleet/plant.js';
import { type DurationMs, SECOND_MS, type Watt } from '../kernel/units.js';
import type { SampleValues } from './sample.js';
import type { Setpoint } from './setpoint.js';

/** The device under trial and its site at one moment; powers in the house's sign, absent where they were not told. */
export interface SiteSample {
  readonly atMs: DurationMs;
  readonly device: SampleValues;
  readonly gridW?: Watt;
  /** Of the site's other devices together: what they make up for does not reach the meter. */
  readonly othersW?: Watt;
}

/** One control of a device, and how it is to be pulsed. */
export interface Trial {
  readonly control: Setpoint['kind'];
  /** What it is told in turn, again and again; after a single one it is released each time. None: the last one tells it all. */
  readonly levelsW: readonly Watt[];
  /** What it is told last, and then left to end by itself. */
  readonly lastW: Watt;
  readonly leaseS: number;
  /** How long each of them is watched. */
  readonly phaseMs: DurationMs;
  /** How long it may take until the last one is reached: an engine warms up. */
  readonly settleMs: DurationMs;
  /** How long beyond the lease it may take until it has let go. */
  readonly graceMs: DurationMs;
  /** How long its power is watched once its registers have let go. */
  readonly afterwardsMs: DurationMs;
  /** What is known to end a setpoint: there is no use in waiting for another. */
  readonly expected: ReversionClass;
  /** Its registers do not show that it has let go: its power alone tells. */
  readonly unseen?: boolean;
  /** What is left out, and why. */
  readonly leftOut: readonly string[];
}

/** What a trial is to be like. */
export interface TrialRequest {
  readonly device: Device;
  readonly site: Pick<Site, 'importLimitW' | 'exportLimitW'>;
  /** The last of the readings before anything is told. */
  readonly now: SiteSample;
  readonly powerW: Watt;
  readonly leaseS: number;
  readonly expected: ReversionClass;
  readonly unseen?: boolean | undefined;
}

/** A control that cannot be pulsed now, and why. */
export interface NoTrial {
  readonly control: Setpoint['kind'];
  readonly reason: string;
  readonly expected: ReversionClass;
}

/** AC power of the device as a whole. */
export const ownPowerW = (values: SampleValues): Watt | undefined => {
  const parts = [values['pv.powerW'], values['battery.powerW'], values['generator.powerW'], values['flexible.powerW']].filter(
    (powerW) => powerW !== undefined,
  );
  return parts.length === 0 ? undefined : parts.reduce((sum, powerW) => sum + powerW, 0);
};

/** The power that a control acts on: a limit holds a hybrid at its terminal, battery included. */
export const controlledPowerW = (control: Setpoint['kind'], values: SampleValues): Watt | undefined =>
  control === 'battery-power' ? values['battery.powerW'] : ownPowerW(values);

/** A power in the house's sign as a control is told it: a limit is a magnitude, and what a load draws is negative. */
export const setpointOf = (control: Setpoint['kind'], powerW: Watt): Setpoint => {
  switch (control) {
    case 'battery-power':
      return { kind: control, powerW };
    case 'pv-limit':
      return { kind: control, maxW: powerW };
    case 'generator':
      return { kind: control, run: true, powerW };
    case 'load-limit':
      return { kind: control, maxW: 0 - powerW };
  }
};

/** The controls that a role is dispatched by. */
export const controlsOfRole = (role: Device['role']): readonly Setpoint['kind'][] => {
  switch (role) {
    case 'battery':
      return ['battery-power'];
    case 'pv':
      return ['pv-limit'];
    case 'hybrid':
      return ['battery-power', 'pv-limit'];
    case 'generator':
      return ['generator'];
    case 'flexible-load':
      return ['load-limit'];
    case 'grid-meter':
      return [];
  }
};

/** Power that a device may be pulsed with at most: its rating, of a battery both ways. */
export const ratingOf = ({ ratedW, battery, generator }: Device): Watt =>
  Math.min(ratedW, battery?.maxChargeW ?? Infinity, battery?.maxDischargeW ?? Infinity, generator?.maxW ?? Infinity);

export const trialOf = (control: Setpoint['kind'], request: TrialRequest): Trial | NoTrial => {
  const powerW = controlledPowerW(control, request.now.device);
  const { expected } = request;
  if (powerW === undefined) return { control, expected, reason: 'the device does not tell the power that this would act on' };
  switch (control) {
    case 'battery-power':
      return batteryTrial(request, powerW);
    case 'pv-limit':
      return limitTrial(request, powerW);
    case 'generator':
      return generatorTrial(request, powerW);
    case 'load-limit':
      return loadTrial(request, powerW);
  }
};

export const isTrial = (trial: Trial | NoTrial): trial is Trial => 'lastW' in trial;

/** Half of a lease is watched, so that the next word always comes before the device's timer runs out. */
const common = ({ leaseS, expected, unseen }: TrialRequest) => ({
  leaseS,
  expected,
  ...(unseen ? { unseen } : {}),
  phaseMs: (leaseS * SECOND_MS) / 2,
  settleMs: (leaseS * SECOND_MS) / 4,
  // Some inverters count coarsely: one went back after 80 s where 60 s were asked for.
  graceMs: leaseS * SECOND_MS + 30 * SECOND_MS,
  afterwardsMs: 20 * SECOND_MS,
});

/** A battery this near to its end of the range may refuse or fade. */
const SOC_MARGIN_PCT = 2;

const batteryTrial = (request: TrialRequest, freeW: Watt): Trial | NoTrial => {
  const { device, now, powerW } = request;
  const socPct = now.device['battery.socPct'];
  const { minSocPct = 0, maxSocPct = 100 } = device.battery ?? {};
  const left: string[] = [];
  const levelsW = [powerW, -powerW].filter((levelW) => {
    const way = levelW > 0 ? 'discharging' : 'charging';
    const ends =
      levelW > 0
        ? socPct !== undefined && socPct <= minSocPct + SOC_MARGIN_PCT
        : socPct !== undefined && socPct >= maxSocPct - SOC_MARGIN_PCT;
    if (ends) left.push(`${way}: the battery is at ${Math.round(socPct!)} %`);
    const passes = !ends && passesConnection(request, levelW, freeW);
    if (passes) left.push(`${way}: ${passesBy(request)}`);
    return !ends && !passes;
  });
  if (levelsW.length === 0) return { control: 'battery-power', expected: request.expected, reason: left.join('; ') };
  // Letting go is seen best from the power that it is furthest from by itself.
  const lastW = levelsW.reduce((best, levelW) => (Math.abs(levelW - freeW) > Math.abs(best - freeW) ? levelW : best));
  return { control: 'battery-power', levelsW, lastW, leftOut: left, ...common(request) };
};

/**
 * Whether a power might take the connection past its limit. Which way the meter looks is what is to be found out, so that either
 * has to be borne. Where no meter tells, no load may be there: what the site's devices give flows out, and what they take flows in.
 */
const passesConnection = ({ site, now }: TrialRequest, levelW: Watt, freeW: Watt): boolean => {
  const passes = (gridW: Watt): boolean => gridW > site.importLimitW || gridW < -site.exportLimitW;
  if (now.gridW === undefined) return passes(-(levelW + (now.othersW ?? 0)));
  return [now.gridW, -now.gridW].some((gridW) => {
    const afterW = gridW - (levelW - freeW);
    return Math.abs(afterW) > Math.abs(gridW) && passes(afterW);
  });
};

const passesBy = ({ now }: TrialRequest): string =>
  now.gridW === undefined
    ? 'no meter tells what flows, and without a load it would pass the connection’s limit'
    : 'with what flows at the meter now it might pass the connection’s limit';

/** Below this part of its rating an inverter is in the dark, or its limit would not be met exactly. */
const LEAST_SUN = 0.05;
/** Part of what the sun gives that a pulse may take. */
const MOST_TAKEN = 0.6;

const limitTrial = (request: TrialRequest, freeW: Watt): Trial | NoTrial => {
  const { device, powerW } = request;
  const leastW = LEAST_SUN * device.ratedW;
  if (freeW < leastW)
    return {
      control: 'pv-limit',
      expected: request.expected,
      reason: `it gives ${Math.round(freeW)} W: at least ${Math.round(leastW)} W are needed to see a limit bite`,
    };
  const limitW = freeW - Math.min(powerW, MOST_TAKEN * freeW);
  return { control: 'pv-limit', levelsW: [limitW], lastW: limitW, leftOut: [], ...common(request) };
};

/** What a load draws is its own: it can be lowered, and seen to come back. The last word is to draw nothing at all. */
const loadTrial = (request: TrialRequest, freeW: Watt): Trial | NoTrial => {
  const { device, powerW, expected } = request;
  const leastW = Math.max(device.flexibleLoad?.minW ?? 0, LEAST_DRAW * device.ratedW);
  const drawsW = 0 - freeW;
  if (drawsW < leastW)
    return {
      control: 'load-limit',
      expected,
      reason: `it draws ${Math.round(drawsW)} W: at least ${Math.round(leastW)} W are needed to see a limit bite, so let a car charge first`,
    };
  const limitW = drawsW - powerW >= leastW ? drawsW - powerW : 0;
  return { control: 'load-limit', levelsW: [0 - limitW], lastW: 0, leftOut: [], ...common(request) };
};

/** Below this part of its rating a load may as well be at rest. */
const LEAST_DRAW = 0.05;

/** An engine is started once, and left to stop by itself. */
const generatorTrial = (request: TrialRequest, freeW: Watt): Trial | NoTrial => {
  const { powerW, device, leaseS, expected } = request;
  const { minW = 0, warmUpS = 60, rampWPerS = 100, minUpS = 0 } = device.generator ?? {};
  const toldW = Math.max(powerW, minW);
  if (passesConnection(request, toldW, freeW)) return { control: 'generator', expected, reason: passesBy(request) };
  const startS = Math.ceil(warmUpS + toldW / rampWPerS + ENGINE_MARGIN_S);
  return {
    control: 'generator',
    levelsW: [],
    lastW: toldW,
    leftOut: [],
    ...common(request),
    leaseS: startS + leaseS,
    phaseMs: (leaseS * SECOND_MS) / 2,
    settleMs: startS * SECOND_MS,
    graceMs: (minUpS + leaseS + ENGINE_STOP_S) * SECOND_MS,
    afterwardsMs: (minUpS + ENGINE_STOP_S) * SECOND_MS,
  };
};

const ENGINE_MARGIN_S = 15;
/** From letting go to standing at no power: it ramps down, and may cool down under load. */
const ENGINE_STOP_S = 120;
