import { Injectable } from '@nestjs/common';
import { BaselineSource } from '../dispatch/baseline-source.port.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import type { SiteId } from '../fleet/plant.js';
import { contains, durationOf } from '../kernel/interval.js';
import { localDate, localMonth } from '../kernel/local-day.js';
import { type EpochMs, meanPowerW, type Watt, type WattHour } from '../kernel/units.js';
import type { GridEvent } from '../signals/grid-event.js';
import { BaselineService } from './baseline.service.js';
import { SettlementStore } from './settlement-store.js';

/** Dispatch steers by the very baselines that are paid by. */
@Injectable()
export class SettledBaselines extends BaselineSource {
  constructor(
    private readonly baselines: BaselineService,
    private readonly store: SettlementStore,
    private readonly plant: PlantDirectory,
  ) {
    super();
  }

  async baselineAt(event: GridEvent, atMs: EpochMs): Promise<ReadonlyMap<SiteId, Watt>> {
    const powers = new Map<SiteId, Watt>();
    for (const [siteId, { slots }] of await this.baselines.of(event)) {
      const slot = slots.find((one) => contains(one, atMs));
      if (slot) powers.set(siteId, meanPowerW(slot.baselineWh, durationOf(slot)));
    }
    return powers;
  }

  deliveredBefore({ startMs }: GridEvent): Promise<ReadonlyMap<SiteId, WattHour>> {
    const { zone } = this.plant.plant();
    const month = localMonth(zone, localDate(zone, startMs).slice(0, 7));
    return this.store.deliveredBetween({ startMs: month.startMs, endMs: startMs });
  }
}
