import { describe, expect, it } from 'vitest';
import { loadProfiles, profileNamed } from '../../field/profiles.js';
import { MINUTE_MS } from '../../kernel/units.js';
import { ScenarioField } from './scenario-field.js';
import { parseScenario } from './scenario-file.js';
import { livingSites, plantOf } from './scenario-plant.js';
import { runScenario } from './scenario-run.js';

const GENSET = profileNamed(loadProfiles(), 'virtual-genset');
const STORY = `
name: A car comes home
says: A charger is a part of what its home draws.
start: 2026-06-01T18:00:00Z
for: 30m
sites:
  - id: a
    loadW: 500
    chargers: [{ id: wallbox, cars: [{ comes: 10m, goes: 20m, energyWh: 50000 }] }]
expect: [{ power: wallbox, from: 0s, atMost: 0 }]
`;
const scenario = parseScenario('car.yaml', STORY);

describe('a charger in a scenario', () => {
  it('draws while a car is there, through the meter of its home', () => {
    const { moments } = runScenario(scenario, GENSET, true);
    for (const { atMs, powersW } of moments) {
      const isThere = atMs > 10 * MINUTE_MS && atMs <= 20 * MINUTE_MS;
      expect(powersW['wallbox']).toBeCloseTo(isThere ? -11_040 : 0, 3);
      expect(powersW['a.grid']).toBeCloseTo(isThere ? 11_540 : 500, 3);
    }
  });

  it('keeps to a limit that it holds until its lease ends', () => {
    const plant = plantOf(scenario);
    const [living] = livingSites(scenario, plant, GENSET);
    const field = new ScenarioField();
    const lease = {
      deviceId: 'wallbox',
      owner: 'plan',
      setpoint: { kind: 'load-limit', maxW: 6_000 },
      expiresAtMs: scenario.start + 1_000,
    } as const;
    field.assert([lease], 0, () => false);
    const limitsAt = (afterMs: number) =>
      field.commandsFor(living!, scenario.start + afterMs, 500, { isDeaf: () => false, isLost: () => false, failingStarts: new Set() })
        .chargersMaxW;
    expect([limitsAt(0), limitsAt(1_000)]).toEqual([{ wallbox: 6_000 }, {}]);
  });

  it('is a device of its plant, that needs what the scenario says', () => {
    const [wallbox] = plantOf(
      parseScenario('car.yaml', STORY.replace('id: wallbox', 'id: wallbox, phases: 1, ratedW: 7360')),
    ).sites[0]!.devices.slice(1);
    expect(wallbox).toMatchObject({ role: 'flexible-load', ratedW: 7_360, flexibleLoad: { kind: 'charger', minW: 1_380, phases: 1 } });
  });

  it('is known by its name alone', () => {
    expect(() => parseScenario('car.yaml', STORY.replace('power: wallbox', 'power: carport'))).toThrow(/no site or device "carport"/);
  });
});
