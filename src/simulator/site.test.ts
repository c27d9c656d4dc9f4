import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { readDevice } from './readings.js';
import { type SiteCommands, siteModel, stepSite } from './site.js';
import { initialSite, type SiteState } from './site-state.js';
import { chargerHome, generatorSite, home, hybridHome, JUNE_MORNING_MS, modernHome, PACK } from './sites.fixture.js';
import type { VirtualSite } from './spec.js';

const QUARTER_MS = 15 * MINUTE_MS;

/** Checks one step of a site against the laws every step must obey. */
const expectLaws = (site: VirtualSite, before: SiteState, after: SiteState, durationMs: number): void => {
  const hours = durationMs / HOUR_MS;
  const { loadW = 0, chargersW = 0, gridW = 0, pvW = 0, batteryW = 0, generatorW = 0 } = after.powers;
  expect(gridW + pvW + batteryW + generatorW).toBeCloseTo(loadW + chargersW, 6);
  for (const [id, { drawnWh }] of Object.entries(after.chargers))
    expect(drawnWh - before.chargers[id]!.drawnWh).toBeCloseTo(chargersW * hours, 4);
  const importedWh = after.meter.importWh - before.meter.importWh;
  const exportedWh = after.meter.exportWh - before.meter.exportWh;
  expect(importedWh - exportedWh).toBeCloseTo(gridW * hours, 4);
  expect(Math.min(importedWh, exportedWh)).toBeGreaterThanOrEqual(0);
  if (after.pv) expect(after.pv.producedWh - before.pv!.producedWh).toBeCloseTo(pvW * hours, 4);
  if (after.battery && !site.hybrid) {
    const outWh = after.battery.dischargedWh - before.battery!.dischargedWh;
    const inWh = after.battery.chargedWh - before.battery!.chargedWh;
    expect(outWh - inWh).toBeCloseTo(batteryW * hours, 4);
    const storedWh = after.battery.storedWh - before.battery!.storedWh;
    expect(storedWh).toBeLessThanOrEqual(inWh * PACK.chargeEfficiency - outWh / PACK.dischargeEfficiency + 1e-4);
  }
};

describe('a site', () => {
  it('fills its battery from the midday sun and lives on it in the evening, without being told', () => {
    const site = home();
    const model = siteModel(site);
    let state = initialSite(site, Date.UTC(2024, 5, 3, 0));
    let [charged, discharged] = [false, false];
    for (let slot = 0; slot < 96; slot += 1) {
      state = stepSite(model, state, {}, QUARTER_MS);
      charged ||= slot > 28 && slot < 60 && state.powers.batteryW! < -500;
      discharged ||= slot > 68 && state.powers.batteryW! > 100;
    }
    expect([charged, discharged]).toEqual([true, true]);
  });

  it('does what it is told past its registers, and itself again when it is not', () => {
    const site = home();
    const model = siteModel(site);
    const told = stepSite(model, initialSite(site, JUNE_MORNING_MS), { batteryW: 1_500, pvMaxW: 800 }, QUARTER_MS);
    expect(told.powers.batteryW).toBeCloseTo(1_500, -1);
    expect(told.powers.pvW).toBeLessThanOrEqual(810);
    const free = stepSite(model, told, {}, QUARTER_MS);
    expect(free.powers.pvW).toBeCloseTo(free.powers.pvAvailableW!, -2);
  });

  it('starts a generator when told, and lets it stop when nobody says more', () => {
    const site = generatorSite();
    const model = siteModel(site);
    const command: SiteCommands = { generators: { genset: { run: true, powerW: 12_000 } } };
    let state = stepSite(model, initialSite(site, JUNE_MORNING_MS), command, QUARTER_MS);
    expect(readDevice(site, state, 'genset')?.['generator.state']).toBe(2);
    expect(state.powers.gridW).toBeLessThan(-10_000);
    state = stepSite(model, state, {}, QUARTER_MS);
    expect(readDevice(site, state, 'genset')?.['generator.state']).toBe(0);
  });

  it('says nothing where replayed rows have a gap, and goes on after it', () => {
    const startMs = JUNE_MORNING_MS;
    const row = (hour: number) => ({ startMs: startMs + hour * HOUR_MS, endMs: startMs + (hour + 1) * HOUR_MS, loadW: 400, pvW: 1_000 });
    const site = home({ load: { kind: 'replay', rows: [row(0), row(2)] } });
    const model = siteModel(site);
    let state = stepSite(model, initialSite(site, startMs), {}, HOUR_MS);
    expect(state.powers).toMatchObject({ loadW: 400, pvAvailableW: 1_000 });
    const { importWh, exportWh } = state.meter;
    state = stepSite(model, state, {}, HOUR_MS);
    expect(state.powers.loadW).toBeUndefined();
    expect(state.powers.gridW).toBeUndefined();
    expect(readDevice(site, state, 'home-meter')).toBeUndefined();
    expect(readDevice(site, state, 'home-pv')).toBeUndefined();
    expect(state.meter).toEqual({ importWh, exportWh });
    state = stepSite(model, state, {}, HOUR_MS);
    expect(readDevice(site, state, 'home-meter')?.['grid.powerW']).toBeDefined();
  });

  it('is plain JSON, and goes on from it as if nothing had been', () => {
    const site = hybridHome();
    const model = siteModel(site);
    const state = stepSite(model, initialSite(site, JUNE_MORNING_MS), {}, QUARTER_MS);
    const restored = JSON.parse(JSON.stringify(state)) as SiteState;
    expect(stepSite(model, restored, {}, QUARTER_MS)).toEqual(stepSite(model, state, {}, QUARTER_MS));
  });

  it('catches up on a month in one step, counters without a jump', () => {
    const site = home();
    const model = siteModel(site);
    const before = initialSite(site, JUNE_MORNING_MS);
    const after = stepSite(model, before, {}, 30 * DAY_MS);
    expectLaws(site, before, after, 30 * DAY_MS);
    expect(after.atMs).toBe(JUNE_MORNING_MS + 30 * DAY_MS);
    const daily = (after.pv!.producedWh - before.pv!.producedWh) / 30;
    expect(daily).toBeGreaterThan(8_000);
    expect(daily).toBeLessThan(40_000);
  });

  it('comes to the same energy in seconds as in quarters of an hour', () => {
    const site = hybridHome();
    const model = siteModel(site);
    let [fine, coarse] = [initialSite(site, JUNE_MORNING_MS), initialSite(site, JUNE_MORNING_MS)];
    const before = coarse;
    for (let slot = 0; slot < 8; slot += 1) coarse = stepSite(model, coarse, {}, QUARTER_MS);
    for (let second = 0; second < 8 * 900; second += 1) fine = stepSite(model, fine, {}, SECOND_MS);
    expect(fine.pv!.producedWh - before.pv!.producedWh).toBeCloseTo(coarse.pv!.producedWh - before.pv!.producedWh, -2);
    expect(fine.battery!.storedWh).toBeCloseTo(coarse.battery!.storedWh, -2.5);
  });

  const kinds = fc.constantFrom(home(), modernHome(), hybridHome(), generatorSite(), chargerHome());
  const command = fc.record(
    {
      batteryW: fc.integer({ min: -9_000, max: 9_000 }),
      pvMaxW: fc.integer({ min: 0, max: 9_000 }),
      chargersMaxW: fc.record({ charger: fc.integer({ min: 0, max: 15_000 }) }, { requiredKeys: [] }),
      generators: fc.record({ genset: fc.record({ run: fc.boolean(), powerW: fc.integer({ min: 0, max: 30_000 }) }) }),
    },
    { requiredKeys: [] },
  );
  const steps = fc.array(fc.record({ command, durationMs: fc.integer({ min: 1, max: 90 * MINUTE_MS }) }), { minLength: 1, maxLength: 12 });

  test.prop([kinds, steps, fc.integer({ min: 0, max: 365 })], { numRuns: 60 })(
    'balances, conserves and counts up, whatever it is told',
    (site, story, day) => {
      const model = siteModel(site);
      let state = initialSite(site, JUNE_MORNING_MS + day * DAY_MS);
      for (const { command: told, durationMs } of story) {
        const after = stepSite(model, state, told, durationMs);
        expectLaws(site, state, after, durationMs);
        state = after;
      }
    },
  );

  test.prop([kinds, command], { numRuns: 40 })('leaves the state it was given as it was', (site, told) => {
    const state = initialSite(site, JUNE_MORNING_MS);
    const copy = structuredClone(state);
    stepSite(siteModel(site), state, told, QUARTER_MS);
    expect(state).toEqual(copy);
  });
});
