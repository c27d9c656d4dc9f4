import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/index.js';
import { demoFleet, withMeasuredHomes } from '../../src/cli/demo/demo-plant.js';
import { virtualSites } from '../../src/cli/virtual-sites.js';
import type { Sample } from '../../src/field/sample.js';
import { loadProfiles } from '../../src/field/profiles.js';
import type { Plant } from '../../src/fleet/plant.js';
import { contains, durationOf, type Interval, slotsOf } from '../../src/kernel/interval.js';
import { addDays, localDay, type LocalDate } from '../../src/kernel/local-day.js';
import { energyWh, HOUR_MS, MINUTE_MS } from '../../src/kernel/units.js';
import { databaseOptions } from '../../src/platform/database.js';
import { initialSite, loadHomes, type MeasuredHome, readDevice, siteModel, stepSite } from '../../src/simulator/index.js';
import { energyOfDay } from '../../src/telemetry/energy-of-day.js';
import { Gatekeeper } from '../../src/telemetry/gatekeeper.js';
import { IntervalEnergyEntity } from '../../src/telemetry/interval.entity.js';
import { IntervalRows } from '../../src/telemetry/interval-rows.js';
import { IntervalService } from '../../src/telemetry/interval.service.js';
import type { OpenedStore } from './reading-store.js';

const ZONE = 'America/Los_Angeles';
const STEP_MS = 5 * MINUTE_MS;
const DAYS_AT_ONCE = 4;

/** Energy that a column of the file says was moved in a stretch of whole hours. */
const fromFile = ({ rows }: MeasuredHome, { startMs, endMs }: Interval, column: 'loadW' | 'pvW'): number =>
  rows.filter((row) => row.startMs >= startMs && row.endMs <= endMs).reduce((sum, row) => sum + energyWh(row[column], durationOf(row)), 0);

const homesOf = (measured: readonly MeasuredHome[]): Plant => {
  const plant = withMeasuredHomes(demoFleet().plant, measured, ZONE);
  const sites = plant.sites.filter(({ kind }) => kind === 'home').slice(0, measured.length);
  return {
    ...plant,
    sites: sites.map((site) => ({ ...site, devices: site.devices.map((device) => ({ ...device, pollPeriodMs: STEP_MS })) })),
  };
};

const monthOf = (month: string): Interval => {
  const first: LocalDate = `${month}-01`;
  const next = `${addDays(first, 31).slice(0, 7)}-01`;
  return { startMs: localDay(ZONE, first).startMs, endMs: localDay(ZONE, next).startMs };
};

/**
 * A virtual month of the measured homes, through gate, store and intervals: what comes out at the end is what the files say, and
 * not a part in a thousand beside it. The month and its twelfth day are those of the homes' own zone.
 */
export const measuredMonthContract = (name: string, open: () => Promise<OpenedStore>, month: string, homes: number): void => {
  describe(`a measured month on ${name}`, () => {
    let opened: OpenedStore;
    let database: DataSource;
    beforeEach(async () => {
      opened = await open();
      const options = databaseOptions({ kind: 'sqlite', file: ':memory:' });
      database = await new DataSource({ ...options, entities: [IntervalEnergyEntity], migrations: MIGRATIONS }).initialize();
      await database.runMigrations();
    });
    afterEach(async () => {
      await database.destroy();
      await opened.dispose();
    });

    it(`gives back the energies of ${homes} homes in ${month}`, { timeout: 300_000 }, async () => {
      const measured = loadHomes('../shared/data/homes').slice(0, homes);
      const plant = homesOf(measured);
      const virtual = virtualSites({ plant, profiles: loadProfiles(), seed: 1, measured, faults: [] });
      const period = monthOf(month);
      const gatekeeper = new Gatekeeper(plant);
      const { store } = opened;
      const intervals = new IntervalService(new IntervalRows(database), store, { plant: () => plant }, { wasUnsure: () => false });
      const refused = new Set<string>();
      const states = virtual.map((site) => stepSite(siteModel(site), initialSite(site, period.startMs - HOUR_MS), {}, HOUR_MS));
      const models = virtual.map(siteModel);
      let due: Sample[] = [];
      const slots = slotsOf(period);
      let closed = 0;
      for (let atMs = period.startMs; atMs <= period.endMs; atMs += STEP_MS) {
        models.forEach((model, i) => {
          if (atMs > period.startMs) states[i] = stepSite(model, states[i]!, {}, STEP_MS);
          for (const device of plant.sites[i]!.devices) {
            const passage = gatekeeper.pass({ deviceId: device.id, atMs, values: readDevice(model.site, states[i]!, device.id)! }, atMs)!;
            for (const { reason, quantity } of passage.refused) refused.add(`${device.id} ${quantity} ${reason}`);
            if (passage.accepted) due.push(passage.accepted);
          }
        });
        if (durationOf({ startMs: slots[closed]?.startMs ?? atMs, endMs: atMs }) < DAYS_AT_ONCE * 24 * HOUR_MS && atMs < period.endMs)
          continue;
        await store.append(due);
        due = [];
        for (; closed < slots.length && slots[closed]!.endMs <= atMs; closed += 1) await intervals.closeInterval(slots[closed]!);
      }
      expect([...refused]).toEqual([]);
      for (const [i, site] of plant.sites.entries()) {
        const rows = await intervals.intervalsOf({ siteIds: [site.id], fromMs: period.startMs, toMs: period.endMs });
        const whole = energyOfDay(rows, site.devices, period);
        expect(whole.missingSlots).toBe(0);
        // SunSpec batteries count what they give and not what they take: that is integrated from their power.
        expect(new Set(rows.flatMap(({ flow, quality }) => (flow === 'battery' ? [] : [quality])))).toEqual(new Set(['measured']));
        // Cars are made up, and in no file.
        const carWh = (during: Interval): number =>
          rows.reduce(
            (sum, { flow, fromBusWh, startMs }) => (flow === 'flexible' && contains(during, startMs) ? sum + fromBusWh! : sum),
            0,
          );
        expect((whole.consumedWh! - carWh(period)) / fromFile(measured[i]!, period, 'loadW')).toBeCloseTo(1, 3);
        const sunShare = whole.producedWh! / fromFile(measured[i]!, period, 'pvW');
        // The file's sun has passed an inverter; behind a hybrid what goes straight into the battery has not, and loses less.
        const hybrid = site.devices.some(({ role }) => role === 'hybrid');
        expect(Math.abs(sunShare - (hybrid ? 1.009 : 1))).toBeLessThan(hybrid ? 0.002 : 0.001);
        const day = localDay(ZONE, `${month}-12`);
        const one = energyOfDay(rows, site.devices, day);
        expect(Math.abs((one.consumedWh! - carWh(day)) / fromFile(measured[i]!, day, 'loadW') - 1)).toBeLessThan(0.001);
      }
    });
  });
};
