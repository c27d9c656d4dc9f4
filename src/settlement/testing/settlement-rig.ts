import { DataSource } from 'typeorm';
import type { Plant, Site } from '../../fleet/plant.js';
import { PlantDirectory } from '../../fleet/plant-directory.js';
import type { DurationMs, EpochMs, Watt } from '../../kernel/units.js';
import { energyWh, MINUTE_MS } from '../../kernel/units.js';
import { databaseOptions } from '../../platform/database.js';
import { EventService } from '../../signals/event.service.js';
import type { EventRequest } from '../../signals/event-rules.js';
import { EventOptOutEntity, GridEventEntity } from '../../signals/grid-event.entity.js';
import type { GridEvent } from '../../signals/grid-event.js';
import { SignalsSettings } from '../../signals/signals-settings.js';
import { DEMO_TARIFF } from '../../signals/tariff.js';
import { TariffService } from '../../signals/tariff.service.js';
import { IntervalRows } from '../../telemetry/interval-rows.js';
import { IntervalEnergyEntity } from '../../telemetry/interval.entity.js';
import { IntervalService } from '../../telemetry/interval.service.js';
import type { EnergyQuality, IntervalEnergy } from '../../telemetry/interval-energy.js';
import { BaselineEntity } from '../baseline.entity.js';
import { BaselineService } from '../baseline.service.js';
import { EventResultEntity } from '../event-result.entity.js';
import { EventResultService } from '../event-result.service.js';
import { SettlementService } from '../settlement.service.js';
import { SettlementSettings } from '../settlement-settings.js';
import { SettlementStore } from '../settlement-store.js';
import { AdjustmentEntity, StatementEntity } from '../statement.entity.js';
import { StatementService } from '../statement.service.js';

const OWN = [BaselineEntity, EventResultEntity, StatementEntity, AdjustmentEntity];

/** A grid meter's interval with this net power; import and export are told apart by its sign. */
export const metered = (
  home: number,
  startMs: EpochMs,
  lengthMs: DurationMs,
  netW: Watt,
  quality: EnergyQuality = 'measured',
): IntervalEnergy => {
  const netWh = energyWh(netW, lengthMs);
  const energies = quality === 'missing' ? {} : { toBusWh: Math.max(0, netWh), fromBusWh: Math.max(0, -netWh) };
  return {
    startMs,
    endMs: startMs + lengthMs,
    siteId: `home-${home}`,
    deviceId: `meter-${home}`,
    flow: 'grid',
    ...energies,
    quality,
    commanded: false,
  };
};

/** `metered` at every step of a stretch of time. */
export const meteredRun = (
  home: number,
  startMs: EpochMs,
  endMs: EpochMs,
  stepMs: DurationMs,
  netW: (atMs: EpochMs) => Watt,
): IntervalEnergy[] => {
  const run: IntervalEnergy[] = [];
  for (let at = startMs; at < endMs; at += stepMs) run.push(metered(home, at, stepMs, netW(at)));
  return run;
};

class Homes extends PlantDirectory {
  constructor(private readonly made: Plant) {
    super();
  }

  plant(): Plant {
    return this.made;
  }
}

const plantOf = (homes: number, zone: string): Plant => {
  const sites = Array.from({ length: homes }, (_, index) => ({
    id: `home-${index + 1}`,
    householdId: `household-${index + 1}`,
    zone,
    kind: 'home',
    devices: [{ id: `meter-${index + 1}`, siteId: `home-${index + 1}`, role: 'grid-meter' }],
  }));
  return { name: 'test', zone, currency: 'EUR', households: [], sites: sites as unknown as Site[] };
};

/** Settlement on a real database with the real migrations; `file` lets it come back after it was closed. */
export const settlementRig = async ({ homes = 1, zone = 'Europe/Berlin', file = ':memory:' } = {}) => {
  const entities = [...OWN, GridEventEntity, EventOptOutEntity, IntervalEnergyEntity];
  const database = await new DataSource({ ...databaseOptions({ kind: 'sqlite', file }), entities }).initialize();
  await database.runMigrations();
  const plant = new Homes(plantOf(homes, zone));
  const signals = new SignalsSettings(MINUTE_MS, DEMO_TARIFF);
  const settings = new SettlementSettings(MINUTE_MS);
  const events = new EventService(database.getRepository(GridEventEntity), database.getRepository(EventOptOutEntity), signals);
  // Nothing here closes intervals, which is all that would read samples.
  const intervals = new IntervalService(new IntervalRows(database), undefined as never, plant, { wasUnsure: () => false });
  const store = new SettlementStore(
    database.getRepository(BaselineEntity),
    database.getRepository(EventResultEntity),
    database.getRepository(StatementEntity),
    database.getRepository(AdjustmentEntity),
  );
  const baselines = new BaselineService(store, intervals, plant, events, settings);
  const results = new EventResultService(store, baselines, intervals, events, settings);
  const statements = new StatementService(store, intervals, plant, new TariffService(signals), settings);
  const settlement = new SettlementService(baselines, results, statements, plant, settings);
  const allSites = plant.plant().sites.map(({ id }) => id);
  const announce = async (request: Omit<EventRequest, 'powerW'>, nowMs: EpochMs): Promise<GridEvent> => {
    const outcome = await events.announce({ powerW: 10_000, ...request }, 'dso', nowMs);
    if (outcome.kind !== 'announced') throw new Error(outcome.kind);
    return outcome.event;
  };
  return { database, events, intervals, settlement, baselines, store, plant, allSites, announce };
};

export type SettlementRig = Awaited<ReturnType<typeof settlementRig>>;
