import { expect, it } from 'vitest';
import { loadProfiles } from '../field/profiles.js';
import type { Device, Plant } from '../fleet/plant.js';
import { virtualSites } from './virtual-sites.js';

const device = (role: Device['role'], profile: string): Device => ({
  id: `home-${role}`,
  siteId: 'home',
  name: role,
  role,
  profile,
  address: { host: '127.0.0.1', port: 15_020, unitId: role.length },
  direction: 1,
  pollPeriodMs: 1_000,
  reversion: 'none',
  ratedW: 5_000,
  battery: {
    capacityWh: 6_400,
    maxChargeW: 3_000,
    maxDischargeW: 3_000,
    chargeEfficiency: 0.95,
    dischargeEfficiency: 0.95,
    minSocPct: 5,
    maxSocPct: 100,
  },
});

const sitesOf = (...devices: Device[]) => {
  const plant: Plant = {
    name: 'P',
    zone: 'Europe/Berlin',
    currency: 'EUR',
    households: [],
    sites: [{ id: 'home', name: 'Home', kind: 'home', zone: 'Europe/Berlin', importLimitW: 17_000, exportLimitW: 10_000, devices }],
  };
  return virtualSites({ plant, profiles: loadProfiles(), seed: 1, measured: [], faults: [] });
};

it('simulates register-map meters and SunSpec inverters', () => {
  const [site] = sitesOf(device('grid-meter', 'carlo-gavazzi-em340'), device('hybrid', 'sunspec'));
  expect(site).toMatchObject({ meter: { map: { name: 'Carlo Gavazzi EM340' } }, hybrid: { ratedW: 5_000 } });
});

it('simulates a charger whose car comes as the fleet file says, and no heat pump', () => {
  const need = { energyWh: 9_000, from: '18:00', by: '07:00' };
  const load = (kind: 'charger' | 'heat-pump'): Device => ({
    ...device('flexible-load', 'keba-kecontact'),
    flexibleLoad: { kind, minW: 1_380, phases: 1, need },
  });
  const meter = device('grid-meter', 'sunspec');
  expect(sitesOf(meter, load('charger'))[0]!.chargers).toEqual([
    { id: 'home-flexible-load', unitId: 13, ratedW: 5_000, phases: 1, car: need },
  ]);
  expect(() => sitesOf(meter, load('heat-pump'))).toThrow(/"home-flexible-load": there is no simulated heat-pump/);
});

it('says what it cannot simulate, all of it, instead of simulating something else', () => {
  expect(() => sitesOf(device('grid-meter', 'victron-gx'), device('hybrid', 'huawei-sun2000'))).toThrow(
    /"home-grid-meter": there is no simulated grid-meter that answers by profile "victron-gx"[^]*"home-hybrid".*"huawei-sun2000"/,
  );
});

it('simulates all inverters of a site, whatever their kind', () => {
  const named = (id: string, role: Device['role']): Device => ({ ...device(role, 'sunspec'), id });
  const [site] = sitesOf(
    device('grid-meter', 'sunspec'),
    named('garage', 'hybrid'),
    named('east', 'pv'),
    named('west', 'pv'),
    named('cellar', 'battery'),
  );
  expect(site).toMatchObject({
    pv: { id: 'east' },
    battery: { id: 'cellar' },
    further: [{ pv: { id: 'west' } }, { hybrid: { id: 'garage' } }],
  });
  expect(site!.hybrid).toBeUndefined();
});
