import { expect, it } from 'vitest';
import { ModbusSerialLink } from '../field/adapters/modbus-serial-link.js';
import { Bus, BusUnit } from '../field/bus.js';
import { ProfileDriver } from '../field/drivers/profile-driver.js';
import { HOUR_MS } from '../kernel/units.js';
import { chargerHome, JUNE_MORNING_MS, profile } from './sites.fixture.js';
import type { CarVisit } from './spec.js';
import { afterThisTest, bench } from './wire.fixture.js';

const CAR: readonly CarVisit[] = [{ comesMs: JUNE_MORNING_MS, goesMs: JUNE_MORNING_MS + HOUR_MS, energyWh: 30_000 }];
const SITE = chargerHome({ car: CAR });

const charger = async () => {
  const { fleet, client, pass } = await bench(SITE);
  const link = new ModbusSerialLink(fleet.addresses.get(SITE.id)!);
  afterThisTest(() => link.close());
  const unit = new BusUnit(new Bus(link), 255, 'routine');
  const driver = new ProfileDriver(unit, unit, profile('keba-kecontact'), { role: 'flexible-load', direction: 1 });
  return { fleet, client, pass, driver };
};
const powerW = async ({ driver }: Awaited<ReturnType<typeof charger>>): Promise<number> => (await driver.read())['flexible.powerW']!;

it('answers one register at a time, and shows nothing of what is only written', async () => {
  const { client } = await charger();
  expect(await client.holding(255, 1000, 2)).toHaveLength(2);
  for (const [address, count] of [
    [1000, 1],
    [1008, 6],
    [1001, 2],
    [5004, 1],
  ] as const)
    await expect(client.holding(255, address, count)).rejects.toThrow(/Illegal data address/);
  await expect(client.input(255, 1000, 2)).rejects.toThrow(/Illegal data address/);
  await expect(client.writeOne(255, 5004, 5_000)).rejects.toThrow(/Illegal data value/);
  await expect(client.writeOne(255, 5018, 5)).rejects.toThrow(/Illegal data value/);
  await expect(client.writeOne(255, 1100, 6_000)).rejects.toThrow(/Illegal data address/);
});

it('draws what the plant’s own driver tells it to, and as it likes once that is over', async () => {
  const on = await charger();
  on.pass(5);
  expect(await powerW(on)).toBeCloseTo(-11_040, -1);
  expect(await on.driver.command({ kind: 'load-limit', maxW: 4_200 }, 60)).toEqual({ kind: 'confirmed' });
  on.pass(2);
  // Told by the voltage of that moment, which goes on changing.
  expect(Math.abs((await powerW(on)) + 4_200)).toBeLessThan(0.01 * 4_200);
  expect(await on.driver.command({ kind: 'load-limit', maxW: 0 }, 60)).toEqual({ kind: 'confirmed' });
  on.pass(5);
  expect(await on.driver.read()).toMatchObject({ 'flexible.powerW': 0, 'flexible.state': 2 });
  on.pass(60);
  expect(await powerW(on)).toBeCloseTo(-11_040, -1);
  expect(await on.driver.shows('load-limit')).toBe('registers 1600 = 0 32000');
  expect(await on.driver.release()).toBe(true);
  expect(await on.driver.shows('load-limit')).toBeUndefined();
});

it.each([
  [5_000, 5_000],
  [0, 0],
])('falls back to the %d W that its site owes, whatever it was told last', async (maxW, drawsW) => {
  const on = await charger();
  on.pass(5);
  const fallback = { kind: 'load-limit', maxW } as const;
  expect(await on.driver.command({ kind: 'load-limit', maxW: 9_000 }, 60, fallback)).toEqual({ kind: 'confirmed' });
  on.pass(50);
  expect(Math.abs((await powerW(on)) + 9_000)).toBeLessThan(0.02 * 9_000);
  on.pass(15);
  expect(Math.abs((await powerW(on)) + drawsW)).toBeLessThanOrEqual(0.02 * drawsW);
});

it('goes on from a state that was saved before there were chargers', async () => {
  const { fleet, pass } = await charger();
  pass(1_800);
  const saved = fleet.saveState();
  const old = {
    ...saved,
    sites: saved.sites.map(({ chargers: _chargers, chargerMeansW: _means, ...site }) => site as (typeof saved.sites)[number]),
  };
  const again = await bench(SITE, { restore: old });
  expect(again.fleet.stateOf(SITE.id).meter.importWh).toBeCloseTo(saved.sites[0]!.meter.importWh, -1);
  expect(again.fleet.stateOf(SITE.id).chargers['charger']!.drawnWh).toBeGreaterThan(0);
});
