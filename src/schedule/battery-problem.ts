import { z } from 'zod';
import { batteryOverrideSchema } from './override.js';
import { atStep, magnitude, perStepMagnitude, positive, quantity } from './problem-values.js';

const share = z.number().gt(0).max(1);

export const batterySchema = z.object({
  id: z.string().min(1),
  siteId: z.string(),
  capacityWh: positive,
  /** The range the battery itself works in, and what its household keeps back on top; Wh. */
  minEnergyWh: magnitude,
  maxEnergyWh: magnitude,
  reserveFloorWh: perStepMagnitude.default(0),
  /** Energy stored at the start of the first step; Wh. May lie outside the range: it is then recovered. */
  initialEnergyWh: magnitude,
  maxChargeW: perStepMagnitude,
  maxDischargeW: perStepMagnitude,
  /**
   * Least power of charging when it charges at all; W. In a step with a charge demand it may do so for a part of the step alone,
   * until it is full.
   */
  minChargeW: magnitude.default(0),
  chargeEfficiency: share,
  dischargeEfficiency: share,
  /** What a kWh left at the end is worth, and what a kWh discharged wears off. */
  terminalMicroPerKwh: quantity.default(0),
  wearMicroPerKwh: magnitude.default(0),
  /** Without the first it charges only in steps without import; without the second it discharges only in steps without export. */
  chargeFromGrid: z.boolean().default(true),
  dischargeToGrid: z.boolean().default(true),
  /** Energy wanted at the end of a step; soft. */
  targets: z.array(z.object({ step: z.number().int().min(0), energyWh: magnitude })).default([]),
  /** Energy to be charged within a step at least, AC, unless it is full at the step's end; soft. */
  chargeDemands: z.array(z.object({ step: z.number().int().min(0), energyWh: magnitude })).default([]),
  /**
   * What may be discharged in a year that ends at `endMs`, and what of it is spent; Wh AC. The plan may spend its time's share of what
   * is left; soft.
   */
  throughput: z.object({ limitWh: magnitude, usedWh: magnitude.default(0), endMs: z.number() }).optional(),
  /**
   * What a person has set it to, W AC, discharge positive: followed within its powers and as far as what it holds lasts. A limit on the
   * connection, a feeder or the fleet cuts it; soft.
   */
  override: batteryOverrideSchema.optional(),
});

/** So near to its maximum a battery counts as full; Wh. */
export const FULL_WITHIN_WH = 1;

export type BatteryProblem = z.output<typeof batterySchema>;

/** What a battery keeps whatever is asked of it: its household's floor, within its range; Wh. */
export const floorWhOf = ({ minEnergyWh, maxEnergyWh, reserveFloorWh }: BatteryProblem, step: number): number =>
  Math.max(minEnergyWh, Math.min(maxEnergyWh, atStep(reserveFloorWh, step)));

/** What the plan may discharge: its time's share of what is left of the year's throughput; Wh AC. */
export const throughputWh = ({ throughput }: BatteryProblem, startMs: number, endMs: number): number => {
  if (!throughput) return Infinity;
  const leftWh = Math.max(0, throughput.limitWh - throughput.usedWh);
  const yearMs = throughput.endMs - startMs;
  return yearMs <= endMs - startMs ? leftWh : (leftWh * (endMs - startMs)) / yearMs;
};
