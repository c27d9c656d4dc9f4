import type { z } from 'zod';
import { type Device, devicesOf, type Plant } from '../fleet/plant.js';
import type { Interval } from '../kernel/interval.js';
import type { PriceSlot } from '../signals/price.js';
import { BREACH_KINDS, BREACH_UNITS, type Breach, type Schedule } from '../schedule/schedule.js';
import { plannedSeries } from './power-series.js';
import type { planViewSchema } from './schemas.js';

export type PlanView = z.infer<typeof planViewSchema>;

/** A plan as an operator reads it: the fleet by slot, each generator's runs, and what had to be bent. */
export const planView = (schedule: Schedule, plant: Plant, prices: readonly PriceSlot[]): PlanView => {
  const range = { startMs: schedule.steps[0]!.startMs, endMs: schedule.steps.at(-1)!.endMs };
  const series = plannedSeries(schedule, range);
  const names = new Map(devicesOf(plant).map(({ id, name }: Device) => [id, name]));
  return {
    issuedAtMs: schedule.issuedAtMs,
    solver: schedule.solver,
    status: schedule.status,
    costMicro: Math.round(schedule.costMicro),
    seconds: schedule.seconds,
    slots: schedule.steps.map(({ startMs, endMs }, step) => {
      const { gridW = 0, batteryW = 0, generatorW = 0, pvW = 0, loadW = 0 } = series[step]!;
      const importMicroPerKwh = prices.find((price) => price.startMs <= startMs && startMs < price.endMs)?.importMicroPerKwh ?? 0;
      return { startMs, endMs, gridW, batteryW, generatorW, pvW, loadW, importMicroPerKwh };
    }),
    generators: schedule.generators.map(({ generatorId, on }) => ({
      deviceId: generatorId,
      name: names.get(generatorId) ?? generatorId,
      runs: runsOf(schedule.steps, on),
    })),
    breaches: breachTexts(schedule.breaches),
  };
};

const runsOf = (steps: readonly Interval[], on: readonly boolean[]): Interval[] => {
  const runs: { startMs: number; endMs: number }[] = [];
  steps.forEach(({ startMs, endMs }, step) => {
    if (!on[step]) return;
    const last = runs.at(-1);
    if (last?.endMs === startMs) last.endMs = endMs;
    else runs.push({ startMs, endMs });
  });
  return runs;
};

/** One line for each limit that was bent, by its kind and subject, with the worst of its steps. */
const breachTexts = (breaches: readonly Breach[]): string[] =>
  BREACH_KINDS.flatMap((kind) => {
    const bySubject = new Map<string, number>();
    for (const breach of breaches)
      if (breach.kind === kind) bySubject.set(breach.subject, Math.max(bySubject.get(breach.subject) ?? 0, breach.size));
    return [...bySubject].map(
      ([subject, size]) => `${kind.replaceAll('-', ' ')} of ${subject} by up to ${Math.round(size)} ${BREACH_UNITS[kind]}`,
    );
  });
