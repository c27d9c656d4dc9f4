import { describe, expect, it } from 'vitest';
import { ModbusSerialLink } from '../field/adapters/modbus-serial-link.js';
import { Bus, BusUnit } from '../field/bus.js';
import type { DeviceDriver } from '../field/drivers/device-driver.js';
import { ProfileDriver } from '../field/drivers/profile-driver.js';
import { SunspecDriver } from '../field/drivers/sunspec-driver.js';
import type { DeviceRole } from '../fleet/plant.js';
import { HOUR_MS } from '../kernel/units.js';
import { readDevice } from './readings.js';
import { chargerHome, generatorSite, home, hybridHome, JUNE_MORNING_MS, modernHome, profile } from './sites.fixture.js';
import { afterThisTest, bench } from './wire.fixture.js';

/** A car has come an hour before the tests begin, and stays. */
const CHARGING = chargerHome({ car: [{ comesMs: JUNE_MORNING_MS - HOUR_MS, goesMs: JUNE_MORNING_MS + HOUR_MS, energyWh: 30_000 }] });

describe('a device read in process', () => {
  it.each([
    ['a meter', home(), 1, 'home-meter', 'grid-meter', 'sunspec', 1],
    [
      'a meter that looks the other way',
      home({ meter: { id: 'home-meter', unitId: 1, map: 'sunspec-203', direction: -1 } }),
      1,
      'home-meter',
      'grid-meter',
      'sunspec',
      -1,
    ],
    ['a register-map meter', modernHome(), 1, 'modern-meter', 'grid-meter', 'eastron-sdm630', 1],
    ['an inverter in integers', home(), 2, 'home-pv', 'pv', 'sunspec', 1],
    ['an inverter in floating point', modernHome(), 2, 'modern-pv', 'pv', 'sunspec', 1],
    ['a battery', home(), 3, 'home-battery', 'battery', 'sunspec', 1],
    ['a battery after IEEE 1547', modernHome(), 3, 'modern-battery', 'battery', 'sunspec', 1],
    ['a hybrid inverter', hybridHome(), 2, 'hybrid-inverter', 'hybrid', 'sunspec', 1],
    ['a charger', CHARGING, 255, 'charger', 'flexible-load', 'keba-kecontact', 1],
    ['a generator', generatorSite(), 2, 'genset', 'generator', 'virtual-genset', 1],
  ] as const)('says what a poll of it says: %s', async (_, site, unitId, deviceId, role, map, direction) => {
    const { fleet, pass } = await bench(site);
    const driver = driverOf(fleet.addresses.get(site.id)!, unitId, { role, direction }, map);
    pass(40);
    await driver.read();
    const polled = await driver.read();
    const inProcess = { ...readDevice(site, fleet.stateOf(site.id), deviceId) };
    if (role === 'hybrid') for (const counters of [polled, inProcess]) dropCounters(counters);
    expect(Object.keys(inProcess).sort()).toEqual(Object.keys(polled).sort());
    expect(
      Object.entries(polled).filter(([quantity, value]) => !agree(quantity, value, inProcess[quantity as keyof typeof inProcess]!)),
    ).toEqual([]);
  });
});

/** Registers hold whole watts, tenths of Wh (a float kWh: less) and hundredths of the rest; the split of a hybrid rounds three powers. */
const agree = (quantity: string, polled: number, inProcess: number): boolean =>
  Math.abs(polled - inProcess) <= (quantity.endsWith('Wh') ? 5 : quantity.endsWith('W') ? 2 : 0.1);

/** Who reads a hybrid counts its AC shares from the moment of the first reading. */
const dropCounters = (values: Record<string, number | undefined>): void => {
  for (const quantity of Object.keys(values)) if (quantity.endsWith('BusCounterWh')) delete values[quantity];
};

const driverOf = (
  { host, port }: { host: string; port: number },
  unitId: number,
  standing: { role: DeviceRole; direction: 1 | -1 },
  map: string,
): DeviceDriver => {
  const link = new ModbusSerialLink({ host, port });
  afterThisTest(() => link.close());
  const unit = new BusUnit(new Bus(link), unitId, 'routine');
  return map === 'sunspec' ? new SunspecDriver(unit, unit, standing) : new ProfileDriver(unit, unit, profile(map), standing);
};
