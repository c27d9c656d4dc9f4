import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BadInput } from '../kernel/errors.js';
import { parseFleet } from './fleet-file.js';

const NO_TARIFF = z.unknown().optional();

const HEAD = `name: Test plant
zone: Europe/Berlin
currency: EUR
households:
  - { id: anna, name: Anna }
sites:
`;
const site = (household: string, extra = ''): string => `  - id: home
    name: Home
    household: ${household}
    importLimitW: 15000
    exportLimitW: 10000
    devices:
      - { id: meter, name: Meter, role: grid-meter, modbus: { host: 10.0.0.2 }, ratedW: 15000 }
${extra}`;

const faultsOf = (text: string): readonly string[] => {
  try {
    parseFleet('plant.yaml', text, NO_TARIFF);
    return [];
  } catch (error) {
    if (error instanceof BadInput) return error.faults;
    throw error;
  }
};

describe('a fleet file', () => {
  it('states what a site holds to while an operator says nothing', () => {
    const enrolled = HEAD + site('anna').replace('exportLimitW: 10000', 'exportLimitW: 10000\n    safeLimits: { exportW: 0 }');
    expect(parseFleet('plant.yaml', enrolled, NO_TARIFF).plant.sites[0]!.safeLimits).toEqual({ exportW: 0 });
    expect(faultsOf(enrolled.replace('exportW: 0', 'exportW: -1')).join()).toMatch(/plant\.yaml:\d+.*exportW/);
  });

  it('lets one device on a bus need a rest that the others do not', () => {
    const inverter = '      - { id: pv, name: PV, role: pv, modbus: { host: 10.0.0.2, unitId: 2, minGapMs: 200 }, ratedW: 5000 }\n';
    const { plant } = parseFleet('plant.yaml', HEAD + site('anna', inverter), NO_TARIFF);
    expect(plant.sites[0]!.devices[1]!.address).toMatchObject({ unitId: 2, minGapMs: 200 });
    const faults = faultsOf(HEAD + site('anna', inverter.replace('200', '-1')));
    expect(faults.join('\n')).toMatch(/^plant\.yaml:\d+: sites\.home\.devices\.pv\.modbus.*minGapMs/m);
    expect(faultsOf(HEAD + site('anna', inverter.replace('200', '200, framing: rtu'))).join()).toMatch(/one bus has one/);
  });

  it('states what each phase of a connection carries', () => {
    const fused = HEAD + site('anna').replace('exportLimitW: 10000', 'exportLimitW: 10000\n    phaseLimitA: 35');
    expect(parseFleet('plant.yaml', fused, NO_TARIFF).plant.sites[0]!.phaseLimitA).toBe(35);
    expect(faultsOf(fused.replace('35', '0')).join()).toMatch(/plant\.yaml:\d+.*phaseLimitA/);
  });

  it('states a flexible load with what it needs each day', () => {
    const charger = `      - id: wallbox
        name: Wallbox
        role: flexible-load
        modbus: { host: 10.0.0.3 }
        ratedW: 11000
        flexibleLoad: { kind: charger, minW: 4140, need: { energyWh: 12000, from: "18:00", by: "07:00" } }
`;
    const { plant } = parseFleet('plant.yaml', HEAD + site('anna', charger), NO_TARIFF);
    expect(plant.sites[0]!.devices[1]!.flexibleLoad).toEqual({
      kind: 'charger',
      minW: 4_140,
      phases: 3,
      need: { energyWh: 12_000, from: '18:00', by: '07:00' },
    });
    expect(faultsOf(HEAD + site('anna', charger.replace('minW', 'minDownS: 1200, minW'))).join()).toMatch(/flexibleLoad\.minDownS: /);
    expect(faultsOf(HEAD + site('anna', charger.replace('"07:00"', '"7:00"'))).join()).toMatch(/flexibleLoad\.need\.by: .*time of the day/);
    expect(faultsOf(HEAD + site('anna', charger.replace('4140', '22000'))).join()).toMatch(/minW must not exceed ratedW/);
    expect(faultsOf(HEAD + site('anna', charger.replace('by: "07:00"', 'by: "07:00", maxW: 3700'))).join()).toMatch(
      /nor the maxW of its need/,
    );
    expect(faultsOf(HEAD + site('anna', charger.replace(/ +flexibleLoad.*\n/, ''))).join()).toMatch(/needs its `flexibleLoad:` ratings/);
  });

  it('gives a plant whose sites take its zone', () => {
    const { plant, consents } = parseFleet('plant.yaml', HEAD + site('anna'), NO_TARIFF);
    expect(plant.sites[0]).toMatchObject({ id: 'home', zone: 'Europe/Berlin', householdId: 'anna' });
    expect(plant.households).toEqual([{ id: 'anna', name: 'Anna', siteId: 'home' }]);
    expect(plant.sites[0]!.devices[0]).toMatchObject({
      address: { host: '10.0.0.2', port: 502, unitId: 1 },
      reversion: 'none',
      direction: 1,
    });
    expect(consents.get('home')).toEqual({ reserveFloorPct: 10, optedOut: false });
  });

  it('says where a SunSpec map begins, of a SunSpec device alone', () => {
    const based = HEAD + site('anna').replace('host: 10.0.0.2', 'host: 10.0.0.2, sunspecBase: 1000');
    expect(parseFleet('plant.yaml', based, NO_TARIFF).plant.sites[0]!.devices[0]!.address.sunspecBase).toBe(1_000);
    expect(faultsOf(based.replace('role: grid-meter', 'role: grid-meter, profile: eastron-sdm630'))).toEqual([
      expect.stringMatching(/plant\.yaml:13: .*sunspecBase: only a SunSpec device has one/),
    ]);
  });

  it('names all bad fields at once, each with its line', () => {
    const faults = faultsOf(
      HEAD.replace('Europe/Berlin', 'Mars/Base') + site('anna').replace('15000', '"much"').replace('role: grid-meter', 'role: toaster'),
    );
    expect(faults).toHaveLength(3);
    expect(faults[0]).toMatch(/^plant\.yaml:2: zone: /);
    expect(faults[1]).toMatch(/^plant\.yaml:10: sites\.home\.importLimitW: /);
    expect(faults[2]).toMatch(/^plant\.yaml:13: sites\.home\.devices\.meter\.role: /);
  });

  it('names what only the whole file can tell', () => {
    const second = `      - { id: meter, name: Twin, role: battery, modbus: { host: 10.0.0.2 }, ratedW: 5000 }\n`;
    const faults = faultsOf(HEAD + site('bertha', second));
    expect(faults.join('\n')).toMatch(/device "meter" stands twice/);
    expect(faults.join('\n')).toMatch(/Modbus address "10\.0\.0\.2:502 unit 1" stands twice/);
    expect(faults.join('\n')).toMatch(/household "bertha" is not listed/);
    expect(faults.join('\n')).toMatch(/household "anna" needs exactly one site/);
    expect(faults.join('\n')).toMatch(/a battery needs its `battery:` ratings/);
    expect(faults.every((fault) => /^plant\.yaml:\d+: /.test(fault))).toBe(true);
  });

  it('names a YAML slip by its line', () => {
    expect(faultsOf('name: [unclosed\nzone: x')[0]).toMatch(/^plant\.yaml:\d+: /);
  });
});
