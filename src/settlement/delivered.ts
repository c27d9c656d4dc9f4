import type { Interval } from '../kernel/interval.js';
import { energyCostMicro, type Micro } from '../kernel/money.js';
import type { EpochMs, WattHour } from '../kernel/units.js';
import type { EventDirection, GridEvent } from '../signals/grid-event.js';
import type { EnergyQuality } from '../telemetry/interval-energy.js';
import type { Baseline, BaselineSlot } from './baseline.js';
import { type MeteredSite, netImportWh, slotEnergy } from './grid-meter.js';

/** One slot of an event at one site: what was expected, what was metered, and what of it counts. */
export interface DeliveredSlot extends Interval {
  readonly baselineWh?: WattHour;
  readonly netImportWh?: WattHour;
  /** Absent where the slot pays nothing because it was not measured or the home stayed out. */
  readonly deliveredWh?: WattHour;
  readonly quality: EnergyQuality | 'opted-out';
}

export interface Delivery {
  readonly slots: readonly DeliveredSlot[];
  /** The sum over the slots that count, to a tenth of a watt-hour: what is paid. */
  readonly deliveredWh: WattHour;
  readonly amountMicro: Micro;
  readonly slotsPaid: number;
  readonly slotsUnpaid: number;
}

/** Paid energy is counted in tenths of a watt-hour, so that a line's arithmetic can be done again by hand. */
export const paidWh = (energyWh: WattHour): WattHour => Math.round(energyWh * 10) / 10;

/** Energy by which a slot answered the event: less net import than the baseline for `up`, more for `down`; never negative. */
export const deliveredWhOf = (direction: EventDirection, baselineWh: WattHour, netWh: WattHour): WattHour =>
  Math.max(0, direction === 'up' ? baselineWh - netWh : netWh - baselineWh);

/** The part of a slot before `endMs`. */
export const cutAt = (slot: BaselineSlot, endMs: EpochMs): BaselineSlot => {
  if (slot.endMs <= endMs) return slot;
  const part = (endMs - slot.startMs) / (slot.endMs - slot.startMs);
  return { startMs: slot.startMs, endMs, baselineWh: part * slot.baselineWh };
};

/**
 * Delivered = Σ max(0, baseline − net import) over the event's slots. A slot that is estimated, missing, or cut out of a
 * longer interval pays nothing and is named. So is one that ends after the home stepped out. Where the event was cut short,
 * its last slot is as long as it ran, with that part of the baseline.
 */
export const deliveryOf = (
  event: Pick<GridEvent, 'direction' | 'endMs' | 'priceMicroPerKwh'>,
  baseline: Baseline,
  site: MeteredSite,
  outFromMs: EpochMs = Infinity,
): Delivery => {
  const slots = baseline.slots
    .filter(({ startMs }) => startMs < event.endMs)
    .map((slot) => cutAt(slot, event.endMs))
    .map(({ startMs, endMs, baselineWh }): DeliveredSlot => {
      const energy = slotEnergy({ startMs, endMs }, site);
      const slot = { startMs, endMs, baselineWh, netImportWh: netImportWh(energy) };
      if (endMs > outFromMs) return { ...slot, quality: 'opted-out' };
      if (slot.netImportWh === undefined) return { ...slot, quality: 'missing' };
      if (energy.quality !== 'measured' || energy.spread) return { ...slot, quality: 'estimated' };
      return { ...slot, deliveredWh: deliveredWhOf(event.direction, baselineWh, slot.netImportWh), quality: 'measured' };
    });
  const deliveredWh = paidWh(slots.reduce((sum, slot) => sum + (slot.deliveredWh ?? 0), 0));
  const slotsPaid = slots.filter((slot) => slot.deliveredWh !== undefined).length;
  return {
    slots,
    deliveredWh,
    amountMicro: energyCostMicro(deliveredWh, event.priceMicroPerKwh),
    slotsPaid,
    slotsUnpaid: slots.length - slotsPaid,
  };
};
