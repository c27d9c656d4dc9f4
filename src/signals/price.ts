import type { Interval } from '../kernel/interval.js';

/** What a kWh costs and earns at a site in an interval, in millionths of the plant's currency. */
export interface PriceSlot extends Interval {
  readonly importMicroPerKwh: number;
  readonly exportMicroPerKwh: number;
}
