import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseFleet } from '../fleet/fleet-file.js';
import { devicesOf } from '../fleet/plant.js';
import { loadProfiles, profileNamed } from '../field/profiles.js';
import type { VirtualSite } from '../simulator/index.js';
import { deviceBench } from './device.fixture.js';

const profiles = loadProfiles();
const place = { seed: 1, zone: 'Europe/Berlin', latitude: 48, longitude: 11, host: '127.0.0.1', port: 0 } as const;
const pack = {
  capacityWh: 9_600,
  maxChargeW: 4_000,
  maxDischargeW: 4_500,
  chargeEfficiency: 0.95,
  dischargeEfficiency: 0.95,
  minSocPct: 8,
  maxSocPct: 97,
};
const array = { peakW: 6_000, tiltDeg: 30, azimuthDeg: 180 };
const SITES: VirtualSite[] = [
  {
    id: 'home',
    kind: 'home',
    ...place,
    load: { kind: 'made-up', meanW: 600 },
    meter: { id: 'meter', unitId: 1, map: profileNamed(profiles, 'eastron-sdm630') },
    pv: { id: 'pv', unitId: 2, models: '103', ratedW: 5_000, array },
    battery: { id: 'battery', unitId: 3, models: '704', ratedW: 4_500, pack },
  },
  {
    id: 'other',
    kind: 'home',
    ...place,
    load: { kind: 'made-up', meanW: 600 },
    meter: { id: 'other-meter', unitId: 1, map: 'sunspec-203' },
    battery: { id: 'other-battery', unitId: 2, models: '124', ratedW: 4_500, pack },
    pv: { id: 'other-pv', unitId: 3, models: '113', ratedW: 5_000, array },
  },
  {
    id: 'hybrid',
    kind: 'home',
    ...place,
    load: { kind: 'made-up', meanW: 600 },
    meter: { id: 'hybrid-meter', unitId: 1, map: 'sunspec-203' },
    hybrid: { id: 'hybrid', unitId: 2, ratedW: 6_000, array, pack },
  },
  {
    id: 'works',
    kind: 'generators',
    ...place,
    load: { kind: 'made-up', meanW: 600 },
    meter: { id: 'works-meter', unitId: 1, map: 'sunspec-203' },
    generators: [
      {
        id: 'genset',
        unitId: 2,
        map: profileNamed(profiles, 'virtual-genset'),
        minW: 3_000,
        maxW: 20_000,
        rampWPerS: 2_000,
        warmUpS: 3,
        coolDownS: 2,
        minUpS: 0,
        minDownS: 0,
        noLoadLitresPerH: 1,
        litresPerKwh: 0.3,
        tankLitres: 100,
      },
    ],
  },
];

SITES.push({
  id: 'garage',
  kind: 'home',
  ...place,
  load: { kind: 'made-up', meanW: 600 },
  meter: { id: 'garage-meter', unitId: 1, map: 'sunspec-203' },
  chargers: [{ id: 'charger', unitId: 255, ratedW: 11_040, phases: 3, car: [] }],
});

const HEAD = `name: Pasted
zone: Europe/Berlin
currency: EUR
sites:
  - id: site
    name: Site
    importLimitW: 17000
    exportLimitW: 10000
    devices:
`;

describe('vpp device scan', () => {
  const bench = deviceBench(SITES);

  /** What a fleet file says in which the lines were pasted as they came. */
  const pasted = async (siteId: string, unitIds: readonly string[] = ['--unit-ids', '1-4']) => {
    const { vpp, address, said } = bench();
    await vpp('scan', address(siteId), ...unitIds);
    const lines = said.at(-1)!;
    return { lines, devices: devicesOf(parseFleet('pasted.yaml', HEAD + lines, z.unknown().optional()).plant) };
  };

  it('prints lines that a fleet file takes as they are', async () => {
    const { lines, devices } = await pasted('home');
    const port = Number(bench().address('home').split(':')[1]);
    expect(devices).toMatchObject([
      { role: 'grid-meter', profile: 'eastron-sdm630', address: { host: '127.0.0.1', port, unitId: 1 }, name: 'Eastron SDM630' },
      { role: 'pv', profile: 'sunspec', reversion: 'none', ratedW: 5_000, name: 'Heliograph simulator Virtual sun inverter' },
      {
        role: 'battery',
        ratedW: 4_500,
        battery: { capacityWh: 9_600, maxChargeW: 4_000, maxDischargeW: 4_500, minSocPct: 8, maxSocPct: 97 },
      },
    ]);
    expect(lines).toMatch(/reversion: none # never dispatched until `vpp device commission`/);
    expect(lines).not.toMatch(/capacityWh: \d+ #/);
  });

  it('says what a device did not tell', async () => {
    const { lines, devices } = await pasted('other');
    expect(devices.map(({ role }) => role)).toEqual(['grid-meter', 'battery', 'pv']);
    expect(devices[1]!.battery).toMatchObject({ capacityWh: 10_000, maxChargeW: 4_500, maxDischargeW: 4_500 });
    expect(lines).toMatch(/capacityWh: 10000 # not told by the device: put in its own/);
    expect(lines).toMatch(/ratedW: 17000 # put in what the connection may carry/);
  });

  it('tells a hybrid from a battery', async () => {
    expect((await pasted('hybrid')).devices).toMatchObject([{ role: 'grid-meter' }, { role: 'hybrid', ratedW: 6_000 }]);
  });

  it('knows a generator that stands', async () => {
    const { lines, devices } = await pasted('works');
    expect(devices[1]).toMatchObject({ role: 'generator', profile: 'virtual-genset', reversion: 'device', generator: { maxW: 10_000 } });
    expect(lines).toMatch(/reversion: device # by its profile; `vpp device commission` proves it/);
  });

  it('finds a charger without a car at the unit id that chargers have', async () => {
    const { lines, devices } = await pasted('garage', []);
    expect(devices[1]).toMatchObject({
      role: 'flexible-load',
      profile: 'keba-kecontact',
      reversion: 'device',
      ratedW: 11_040,
      flexibleLoad: { kind: 'charger', minW: 4_140, phases: 3 },
    });
    expect(lines).toMatch(/ratedW: 11040 # not told by the device[^]*flexibleLoad: # on one phase/);
  });

  it('tries what a charger may draw, and ends that itself, since its registers do not show the end', async () => {
    const { vpp, address, answer } = bench();
    const charger = [address('garage'), '--unit', '255', '--profile', 'keba-kecontact'] as const;
    await vpp('command', ...charger, '--load', '4200W', '--for', '1s', '--json');
    expect(answer()).toMatchObject({ kind: 'confirmed', released: true });
    await vpp('command', ...charger, '--release', '--json');
    expect(answer()).toEqual({ kind: 'released', lifted: [] });
  });

  it('carries the same in JSON', async () => {
    const { vpp, address, answer } = bench();
    await vpp('scan', address('home'), '--unit-ids', '2,3', '--json');
    const { units, fleetLines } = answer() as { units: { device: { role: string }; notes: object }[]; fleetLines: string };
    expect(units.map(({ device }) => device.role)).toEqual(['pv', 'battery']);
    expect(units[0]!.notes).toHaveProperty('reversion');
    expect(fleetLines).toContain('role: battery');
  });

  it('looks for the map where --base says, and nowhere else', async () => {
    const { vpp, address, answer, said } = bench();
    await vpp('scan', address('home'), '--unit-ids', '2', '--base', '40000', '--json');
    expect(answer()).toMatchObject({ units: [{ kind: 'sunspec', device: { modbus: { sunspecBase: 40_000 } } }] });
    await vpp('scan', address('home'), '--unit-ids', '2', '--base', '100', '--json');
    expect(answer()).toMatchObject({ units: [{ kind: 'unknown' }] });
    await vpp('read', address('home'), '--unit', '2', '--base', '100');
    expect(said.at(-1)).toMatch(/has no SunSpec map at 100: name its --profile or its --base/);
    expect(process.exitCode).toBe(1);
  });
});

describe('vpp device read --raw', () => {
  const bench = deviceBench(SITES);

  it('shows the registers of each point, with their address', async () => {
    const { vpp, address, answer, said } = bench();
    await vpp('read', address('home'), '--unit', '2', '--raw', '--json');
    const { points } = answer() as { points: Record<string, { value: number; raw: { address: number; words: string[] }[] }> };
    const { value, raw } = points['103.W']!;
    expect(raw).toEqual([{ table: 'holding', address: 40_084, words: [value.toString(16).padStart(4, '0')] }]);
    await vpp('read', address('home'), '--unit', '1', '--profile', 'eastron-sdm630', '--raw');
    expect(said.find((line) => line.startsWith('voltageV'))).toMatch(/ V +input \d+: [0-9a-f]{4} [0-9a-f]{4}$/);
  });

  it('finds those of a repeated group where they are', async () => {
    const { vpp, address, answer } = bench();
    await vpp('read', address('hybrid'), '--unit', '2', '--raw', '--json');
    const { points } = answer() as { points: Record<string, { raw: { address: number; words: string[] }[] }> };
    const [first, second] = [points['160.module[1].IDStr']!.raw[0]!, points['160.module[2].IDStr']!.raw[0]!];
    expect(second.address - first.address).toBe(20);
    expect(Buffer.from(second.words.join(''), 'hex').toString()).toMatch(/^[A-Za-z]+ ?2/);
  });

  it('shows none unless asked', async () => {
    const { vpp, address, answer } = bench();
    await vpp('read', address('home'), '--unit', '2', '--json');
    expect(JSON.stringify(answer())).not.toContain('"raw"');
  });
});
