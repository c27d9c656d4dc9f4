import { type DurationMs, type EpochMs, HOUR_MS, NOMINAL_PHASE_V, SECOND_MS, type Watt, type WattHour } from '../kernel/units.js';
import type { CarVisits } from './car-visits.js';
import type { CarTakes, VirtualCharger } from './spec.js';

/** Least current of a charger after IEC 61851-1. */
const LEAST_A = 6;
/** A battery near full takes less: this part of what it took before, for the last of what it wants. */
const LAST_SHARE = 0.4;
const LAST_WH = 1_500;

export interface ChargerState {
  /** The beginning of the visit that the car is on; absent while none is there. */
  visitMs?: EpochMs;
  /** What it can take where that is less than the charger gives. */
  car?: CarTakes;
  /** What the car wants still. */
  wantedWh: WattHour;
  drawnWh: WattHour;
  /** What it was told: current of each phase, whether to charge at all, and what holds once nobody says more. */
  currentMa: number;
  enabled: boolean;
  failsafeMa: number;
  /** 0: nothing ends what it was told. */
  failsafeS: number;
  failsafeLeftMs: DurationMs;
  inFailsafe: boolean;
}

/** Nothing limits it but its own switches. */
export const UNLIMITED_MA = 63_000;

export const initialCharger = (drawnWh: WattHour): ChargerState => ({
  wantedWh: 0,
  drawnWh,
  currentMa: UNLIMITED_MA,
  enabled: true,
  failsafeMa: 0,
  failsafeS: 0,
  failsafeLeftMs: 0,
  inFailsafe: false,
});

/** What a charger is told past its registers in one step, and which of its registers do nothing. */
export interface ChargerTold {
  readonly maxW?: Watt;
  readonly isDeaf?: boolean;
  readonly isStuck?: boolean;
  /** Of each phase; nominal without it. */
  readonly voltageV?: number;
}

type Rating = Pick<VirtualCharger, 'ratedW' | 'phases'>;

export const wattsOfCurrent = ({ phases }: Pick<Rating, 'phases'>, milliamperes: number, voltageV: number = NOMINAL_PHASE_V): Watt =>
  (milliamperes / 1_000) * voltageV * phases;

/** That the car draws from, if it draws. */
export const phasesInUse = ({ car }: Pick<ChargerState, 'car'>, { phases }: Pick<Rating, 'phases'>): 1 | 3 =>
  car?.phases === 1 ? 1 : phases;

/** Most that it may draw by what it was told, W; 0 where that is less than a car can be given. */
export const allowedW = (state: ChargerState, charger: Rating, { maxW, isDeaf, voltageV }: ChargerTold = {}): Watt => {
  const told = state.inFailsafe ? state.failsafeMa : state.enabled ? state.currentMa : 0;
  const atMostW = Math.min(charger.ratedW, maxW ?? (isDeaf ? Infinity : wattsOfCurrent(charger, told, voltageV)));
  return atMostW < wattsOfCurrent(charger, LEAST_A * 1_000, maxW === undefined ? voltageV : undefined) - 1e-6 ? 0 : atMostW;
};

/** As `flexible.state` has it: 0 nothing there, 1 wants nothing, 2 held back, 3 draws. */
export const chargerStateOf = (state: ChargerState, charger: Rating, told?: ChargerTold): 0 | 1 | 2 | 3 => {
  if (state.visitMs === undefined) return 0;
  if (state.wantedWh <= 0) return 1;
  return allowedW(state, charger, told) > 0 ? 3 : 2;
};

/**
 * Lets the charger draw for `durationMs` from `atMs` on, and returns its mean power. Changes `state`. Cars come and go, a battery
 * gets full, and the failsafe comes, each at its exact moment inside the step.
 */
export const stepCharger = (
  state: ChargerState,
  charger: Rating,
  visits: CarVisits,
  told: ChargerTold,
  { atMs, durationMs }: { readonly atMs: EpochMs; readonly durationMs: DurationMs },
): Watt => {
  const endMs = atMs + durationMs;
  const beforeWh = state.drawnWh;
  for (let nowMs = atMs; nowMs < endMs;) {
    receive(state, visits, nowMs);
    const powerW = drawsW(state, charger, told);
    const leftWh = state.wantedWh > LAST_WH ? state.wantedWh - LAST_WH : state.wantedWh;
    const untilFullMs = powerW > 0 ? (leftWh * HOUR_MS) / powerW : Infinity;
    const failsafeMs = state.failsafeLeftMs > 0 && !told.isStuck ? state.failsafeLeftMs : Infinity;
    const pieceMs = Math.min(endMs - nowMs, visits.nextChangeMs(nowMs) - nowMs, untilFullMs, failsafeMs);
    draw(state, pieceMs === untilFullMs ? leftWh : (powerW * pieceMs) / HOUR_MS);
    if (failsafeMs < Infinity) state.failsafeLeftMs -= pieceMs;
    if (pieceMs === failsafeMs) state.inFailsafe = true;
    nowMs = pieceMs === endMs - nowMs ? endMs : nowMs + pieceMs;
  }
  receive(state, visits, endMs);
  return ((state.drawnWh - beforeWh) * HOUR_MS) / durationMs;
};

const receive = (state: ChargerState, visits: CarVisits, atMs: EpochMs): void => {
  const visit = visits.at(atMs);
  if (visit?.comesMs === state.visitMs) return;
  if (visit) {
    const { comesMs, energyWh, maxW, phases } = visit;
    const car: CarTakes = { ...(maxW === undefined ? {} : { maxW }), ...(phases === undefined ? {} : { phases }) };
    Object.assign(state, { visitMs: comesMs, wantedWh: energyWh, car });
  } else {
    delete state.visitMs;
    delete state.car;
    state.wantedWh = 0;
  }
};

const drawsW = (state: ChargerState, charger: Rating, told: ChargerTold): Watt => {
  if (chargerStateOf(state, charger, told) !== 3) return 0;
  const phases = phasesInUse(state, charger);
  const part = phases / charger.phases;
  const mostW = Math.min(charger.ratedW * part, state.car?.maxW ?? Infinity);
  const takesW = state.wantedWh > LAST_WH ? mostW : mostW * LAST_SHARE;
  return Math.min(allowedW(state, charger, told) * part, Math.max(takesW, wattsOfCurrent({ phases }, LEAST_A * 1_000, told.voltageV)));
};

const draw = (state: ChargerState, energyWh: WattHour): void => {
  state.drawnWh += energyWh;
  state.wantedWh = Math.max(0, state.wantedWh - energyWh);
};

/** What somebody said to a charger. */
export type ChargerWord = Partial<Pick<ChargerState, 'currentMa' | 'enabled' | 'failsafeMa' | 'failsafeS'>>;

/** The charger once it was told something. Any word puts the failsafe off; what was told before it came has to be told again. */
export const toldCharger = (state: ChargerState, word: ChargerWord): ChargerState => {
  const next = { ...state, ...word };
  const endsFailsafe = word.failsafeS === 0 || word.currentMa !== undefined || word.enabled !== undefined;
  return { ...next, failsafeLeftMs: next.failsafeS * SECOND_MS, inFailsafe: next.inFailsafe && !endsFailsafe };
};
