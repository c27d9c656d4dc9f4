import type { ForecastSlot, SiteForecast } from '../forecast/forecast.js';
import { type BusFlow, type Flow } from '../kernel/flow.js';
import { durationOf, floorTo, type Interval } from '../kernel/interval.js';
import { type DurationMs, type EpochMs, meanPowerW } from '../kernel/units.js';
import type { Schedule } from '../schedule/schedule.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { resample } from '../telemetry/resample.js';

/** Mean powers over one step of a chart. A flow of which a piece is missing is absent, and then so is the load. */
export interface SeriesPoint {
  atMs: EpochMs;
  gridW?: number;
  pvW?: number;
  batteryW?: number;
  generatorW?: number;
  loadW?: number;
}

const KEY: Readonly<Record<BusFlow, 'gridW' | 'pvW' | 'batteryW' | 'generatorW'>> = {
  grid: 'gridW',
  pv: 'pvW',
  battery: 'batteryW',
  generator: 'generatorW',
};

/**
 * What closed intervals say of mean powers, summed over their sites, on even steps. The step that holds `nowMs` is the mean
 * over what of it has been closed by nearly every device: of a fleet some are always late, and a flow that lacks one is absent.
 */
export const measuredSeries = (all: readonly IntervalEnergy[], stepMs: DurationMs, nowMs: EpochMs): SeriesPoint[] => {
  const intervals = all.filter(isOnBus);
  const runningMs = floorTo(nowMs, stepMs);
  const points = wholePoints(
    intervals.filter(({ startMs }) => startMs < runningMs),
    stepMs,
  );
  const running = runningPoint(intervals, runningMs);
  return running ? [...points, running] : points;
};

type OnBus = IntervalEnergy & { readonly flow: BusFlow };

/** What a flexible load draws is in the balance already. */
const isOnBus = <Of extends { readonly flow: Flow }>(one: Of): one is Of & { readonly flow: BusFlow } => one.flow !== 'flexible';

const wholePoints = (intervals: readonly OnBus[], stepMs: DurationMs): SeriesPoint[] => {
  const points = new Map<EpochMs, { point: SeriesPoint; missing: Set<BusFlow>; seen: Set<BusFlow> }>();
  for (const slot of resample(intervals, stepMs).filter(isOnBus)) {
    let entry = points.get(slot.startMs);
    if (!entry) points.set(slot.startMs, (entry = { point: { atMs: slot.startMs }, missing: new Set(), seen: new Set() }));
    entry.seen.add(slot.flow);
    if (slot.quality === 'missing' || slot.toBusWh === undefined) entry.missing.add(slot.flow);
    else entry.point[KEY[slot.flow]] = (entry.point[KEY[slot.flow]] ?? 0) + meanPowerW(slot.toBusWh - (slot.fromBusWh ?? 0), stepMs);
  }
  return [...points.values()].sort((a, b) => a.point.atMs - b.point.atMs).map(({ point, missing, seen }) => finished(point, missing, seen));
};

/** The part of a fleet that the running step does not wait for. */
const LATE_SHARE = 0.1;

const runningPoint = (intervals: readonly OnBus[], startMs: EpochMs): SeriesPoint | undefined => {
  const words = new Map<string, { flow: BusFlow; pieces: OnBus[] }>();
  for (const interval of intervals) {
    const key = `${interval.deviceId} ${interval.flow}`;
    const word = words.get(key) ?? { flow: interval.flow, pieces: [] };
    words.set(key, word);
    if (interval.startMs >= startMs) word.pieces.push(interval);
  }
  const closedMs = [...words.values()].map(({ pieces }) => pieces.reduce((last, piece) => Math.max(last, piece.endMs), startMs));
  const endMs = closedMs.sort((a, b) => a - b)[Math.floor(closedMs.length * LATE_SHARE)];
  if (endMs === undefined || endMs <= startMs) return undefined;
  const point: SeriesPoint = { atMs: startMs };
  const [missing, seen] = [new Set<BusFlow>(), new Set<BusFlow>()];
  for (const { flow, pieces } of words.values()) {
    const closed = pieces.filter((piece) => piece.endMs <= endMs);
    const known = closed.filter(({ quality, toBusWh }) => quality !== 'missing' && toBusWh !== undefined);
    const knownMs = known.reduce((sum, piece) => sum + durationOf(piece), 0);
    const energyWh = known.reduce((sum, { toBusWh, fromBusWh }) => sum + toBusWh! - (fromBusWh ?? 0), 0);
    seen.add(flow);
    if (knownMs < endMs - startMs) missing.add(flow);
    else point[KEY[flow]] = (point[KEY[flow]] ?? 0) + meanPowerW(energyWh, endMs - startMs);
  }
  return finished(point, missing, seen);
};

const finished = (point: SeriesPoint, missing: ReadonlySet<BusFlow>, seen: ReadonlySet<BusFlow>): SeriesPoint => {
  const whole: SeriesPoint = { atMs: point.atMs };
  let loadW = 0;
  for (const flow of seen) {
    if (missing.has(flow)) continue;
    const powerW = Math.round(point[KEY[flow]] ?? 0);
    whole[KEY[flow]] = powerW;
    loadW += powerW;
  }
  if (missing.size === 0) whole.loadW = loadW;
  return whole;
};

/** What the plan has the sites do, summed, at each of its steps inside the range. */
export const plannedSeries = (schedule: Schedule, range: Interval, siteId?: string): (SeriesPoint & { storedWh: number })[] => {
  const mine = <T extends { siteId: string }>(parts: readonly T[]): T[] =>
    parts.filter((part) => siteId === undefined || part.siteId === siteId);
  const sum = <T>(parts: readonly T[], pick: (part: T) => number): number =>
    Math.round(parts.reduce((total, part) => total + pick(part), 0));
  const [sites, batteries, generators] = [mine(schedule.sites), mine(schedule.batteries), mine(schedule.generators)];
  const loads = mine(schedule.loads);
  return schedule.steps.flatMap(({ startMs, endMs }, step) => {
    if (endMs <= range.startMs || startMs >= range.endMs) return [];
    return {
      atMs: startMs,
      gridW: sum(sites, ({ gridW }) => gridW[step]!),
      pvW: sum(sites, ({ pvW }) => pvW[step]!),
      loadW: sum(sites, ({ loadW }) => loadW[step]!) + sum(loads, ({ drawW }) => drawW[step]!),
      batteryW: sum(batteries, ({ powerW }) => powerW[step]!),
      storedWh: sum(batteries, ({ energyWh }) => energyWh[step]!),
      generatorW: sum(generators, ({ powerW }) => powerW[step]!),
    };
  });
};

/** A range stretched to whole steps. */
export const wholeSteps = (range: Interval, stepMs: DurationMs): Interval => ({
  startMs: floorTo(range.startMs, stepMs),
  endMs: floorTo(range.endMs + stepMs - 1, stepMs),
});

/** For each slot of the range what was forecast for it last before it began, and by which model the newest forecast was made. */
export const forecastSeries = (issued: readonly SiteForecast[], range: Interval): { slots: ForecastSlot[]; model: string } => {
  const slots = new Map<EpochMs, ForecastSlot>();
  for (const forecast of issued) {
    for (const slot of forecast.slots) {
      if (slot.startMs >= range.startMs && slot.startMs < range.endMs && slot.endMs > forecast.issuedAtMs) slots.set(slot.startMs, slot);
    }
  }
  const newest = issued.at(-1);
  const models = newest ? [...new Set([newest.loadModel, newest.pvModel])] : [];
  return { slots: [...slots.values()].sort((a, b) => a.startMs - b.startMs), model: models.join(' and ') };
};

/** One slot of a forecast as a chart takes it; the band is absent where the forecast has none. */
export const forecastPoint = ({ startMs, loadW, pvW, load, pv }: ForecastSlot) => ({
  atMs: startMs,
  loadW: Math.round(loadW),
  pvW: Math.round(pvW),
  ...(load ? { loadP10W: load.p10W, loadP90W: load.p90W } : {}),
  ...(pv ? { pvP10W: pv.p10W, pvP90W: pv.p90W } : {}),
});
