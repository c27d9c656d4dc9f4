import type { Distribution } from './distribution.js';
import type { PredictionItem } from './forecaster.port.js';
import { materialOf, mixedForecasts, opinionsAhead } from './market.js';
import type { NetRunner } from './network.js';
import { type Ahead, seasonalAhead } from './seasonal-naive.js';

/** Slots ahead of one series: its models' mixture, the naive blend where it has none; undefined where some slot has no past. */
export const predictSlots = (
  { series, zone, models, weather }: PredictionItem,
  ahead: Ahead,
  run: NetRunner,
): Distribution[] | undefined => {
  if (!models || models.stepMs !== series.stepMs) return seasonalAhead(series, zone, ahead);
  const first = Math.round((ahead.startMs - series.startMs) / series.stepMs);
  const issueSlot = Math.min(series.values.length, Math.floor((ahead.issuedAtMs - series.startMs) / series.stepMs));
  const material = materialOf(series, zone, first + ahead.slots - series.values.length, models, weather);
  const targets = Array.from({ length: ahead.slots }, (_, slot) => first + slot);
  const slots = mixedForecasts(models, opinionsAhead(material, models, issueSlot, targets, { run }));
  return slots.every((slot) => slot !== undefined) ? slots : undefined;
};
