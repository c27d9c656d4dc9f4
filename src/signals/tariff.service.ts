import { Injectable } from '@nestjs/common';
import type { Interval } from '../kernel/interval.js';
import type { DurationMs } from '../kernel/units.js';
import type { PriceSlot } from './price.js';
import { SignalsSettings } from './signals-settings.js';
import { type KnownPrice, pricesOf, type Tariff } from './tariff.js';

/** What a kWh costs and earns: the plant's tariff, and prices published by the hour where there are any. */
@Injectable()
export class TariffService {
  private known: readonly KnownPrice[];

  constructor(private readonly settings: SignalsSettings) {
    this.known = settings.knownPrices;
  }

  tariff(): Tariff {
    return this.settings.tariff;
  }

  /** Prices of every slot of `stepMs` that touches `interval`, for a site in `zone`. */
  pricesOf(zone: string, interval: Interval, stepMs: DurationMs): PriceSlot[] {
    return pricesOf(this.settings.tariff, zone, interval, stepMs, this.known);
  }

  /** Puts newly published prices in the place of the old ones. What was issued keeps the prices it was issued with. */
  publish(known: readonly KnownPrice[]): void {
    this.known = known;
  }
}
