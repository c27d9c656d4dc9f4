import { clamp, type DurationMs, HOUR_MS, SECOND_MS, type Watt, type WattHour } from '../kernel/units.js';
import { rampTo } from './ramp.js';
import type { VirtualGenerator } from './spec.js';

/** As the register map of the virtual genset numbers them. */
export const GENERATOR_STATES = ['stopped', 'warming-up', 'running', 'cooling-down', 'failed'] as const;
export type GeneratorPhase = (typeof GENERATOR_STATES)[number];

/** A start without a word about the heartbeat gets this much. */
export const DEFAULT_HEARTBEAT_S = 60;

export interface GeneratorState {
  phase: GeneratorPhase;
  /** How long it has been in its phase. */
  inPhaseMs: DurationMs;
  /** How long ago it left `running`; a long while at the beginning. */
  sinceRunMs: DurationMs;
  outputW: Watt;
  producedWh: WattHour;
  fuelLitres: number;
  burntLitres: number;
  deliveredLitres: number;
  starts: number;
  /** What it was last told. */
  run: boolean;
  powerW: Watt;
  /** It stops by itself when this has run down. */
  heartbeatMs: DurationMs;
}

export interface GeneratorCommand {
  readonly run: boolean;
  readonly powerW: Watt;
}

export const initialGenerator = (generator: VirtualGenerator): GeneratorState => ({
  phase: 'stopped',
  inPhaseMs: generator.minDownS * SECOND_MS,
  sinceRunMs: generator.minDownS * SECOND_MS,
  outputW: 0,
  producedWh: 42_500_000,
  fuelLitres: generator.tankLitres,
  burntLitres: 0,
  deliveredLitres: 0,
  starts: 0,
  run: false,
  powerW: generator.minW,
  heartbeatMs: 0,
});

const enter = (state: GeneratorState, phase: GeneratorPhase): void => {
  state.phase = phase;
  state.inPhaseMs = 0;
  if (phase === 'warming-up') state.starts += 1;
  if (phase === 'cooling-down' || phase === 'failed') state.sinceRunMs = 0;
};

/** Makes the changes of phase that are due, or says after how long the next one is, if nothing else happens. */
const settlePhase = (state: GeneratorState, generator: VirtualGenerator, startFails: boolean): DurationMs => {
  for (;;) {
    const wants = state.run && state.heartbeatMs > 0;
    switch (state.phase) {
      case 'stopped': {
        if (!wants) return Infinity;
        const waitMs = generator.minDownS * SECOND_MS - state.sinceRunMs;
        if (waitMs > 0) return waitMs;
        enter(state, state.fuelLitres > 0 ? 'warming-up' : 'failed');
        break;
      }
      case 'warming-up': {
        if (!wants) {
          enter(state, 'cooling-down');
          break;
        }
        const waitMs = generator.warmUpS * SECOND_MS - state.inPhaseMs;
        if (waitMs > 0) return waitMs;
        enter(state, startFails ? 'failed' : 'running');
        break;
      }
      case 'running': {
        const waitMs = generator.minUpS * SECOND_MS - state.inPhaseMs;
        if (wants) return Infinity;
        if (waitMs > 0) return waitMs;
        enter(state, 'cooling-down');
        break;
      }
      case 'cooling-down': {
        const waitMs = generator.coolDownS * SECOND_MS - state.inPhaseMs;
        if (waitMs > 0) return waitMs;
        state.outputW = 0;
        enter(state, 'stopped');
        break;
      }
      case 'failed':
        // A failed start is acknowledged by taking the run command away.
        if (state.run) return Infinity;
        enter(state, 'stopped');
        break;
    }
  }
};

/** Output and fuel for a time in which the phase does not change. */
const run = (state: GeneratorState, generator: VirtualGenerator, durationMs: DurationMs): WattHour => {
  const targetW = state.phase === 'running' ? clamp(state.powerW, generator.minW, generator.maxW) : 0;
  const burning = state.phase === 'running' || state.phase === 'warming-up' || state.phase === 'cooling-down';
  const hours = durationMs / HOUR_MS;
  const ramped = burning ? rampTo(state.outputW, targetW, generator.rampWPerS, durationMs) : { endW: 0, meanW: 0 };
  const wantedWh = ramped.meanW * hours;
  const wantedLitres = burning ? generator.noLoadLitresPerH * hours + (generator.litresPerKwh * wantedWh) / 1_000 : 0;
  const share = wantedLitres > state.fuelLitres ? state.fuelLitres / wantedLitres : 1;
  state.outputW = ramped.endW;
  state.producedWh += wantedWh * share;
  state.burntLitres += wantedLitres * share;
  state.fuelLitres = share < 1 ? 0 : state.fuelLitres - wantedLitres;
  state.inPhaseMs += durationMs;
  state.sinceRunMs += state.phase === 'running' ? 0 : durationMs;
  state.heartbeatMs = Math.max(0, state.heartbeatMs - durationMs);
  if (share < 1) {
    state.outputW = 0;
    enter(state, 'failed');
  }
  return wantedWh * share;
};

const refuel = (state: GeneratorState, generator: VirtualGenerator): void => {
  const standsStill = state.phase === 'stopped' || state.phase === 'failed';
  if (!standsStill || state.fuelLitres >= (generator.tankLitres * (generator.refuelBelowPct ?? 25)) / 100) return;
  state.deliveredLitres += generator.tankLitres - state.fuelLitres;
  state.fuelLitres = generator.tankLitres;
};

/**
 * Lets the generator run for `durationMs` under what it was told, and returns its mean power. Changes `state`. A phase
 * ends at its exact moment inside the step. `startFails` makes a warm-up that ends in this step fail.
 */
export const stepGenerator = (state: GeneratorState, generator: VirtualGenerator, durationMs: DurationMs, startFails = false): Watt => {
  let leftMs = durationMs;
  let producedWh = 0;
  while (leftMs > 0) {
    const phaseMs = settlePhase(state, generator, startFails);
    const watchdogMs = state.run && state.heartbeatMs > 0 ? state.heartbeatMs : Infinity;
    const pieceMs = Math.min(leftMs, phaseMs, watchdogMs);
    producedWh += run(state, generator, pieceMs);
    if (state.run && state.heartbeatMs === 0) state.run = false;
    leftMs -= pieceMs;
  }
  settlePhase(state, generator, startFails);
  refuel(state, generator);
  return (producedWh * HOUR_MS) / durationMs;
};
