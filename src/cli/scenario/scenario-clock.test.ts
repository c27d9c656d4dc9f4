import { expect, it } from 'vitest';
import { loadProfiles, profileNamed } from '../../field/profiles.js';
import { parseScenario } from './scenario-file.js';
import { runScenario } from './scenario-run.js';

const GENSET = profileNamed(loadProfiles(), 'virtual-genset');
/** Of all that a plant remembers there is something in it, and nothing that goes by the clock once it has begun. */
const STORY = `
name: A plant that is busy
says: Whatever a clock says, what passed is what passed.
start: 2026-06-01T10:00:00Z
for: 4m
sites:
  - id: a
    loadW: [{ at: 0s, w: 900 }, { at: 70s, w: 3000 }, { at: 130s, w: 600 }]
    loadNoiseW: 300
    sunW: 2500
    pvRatedW: 4000
    meterDelay: 2s
    battery: { rampWPerS: 300 }
    chargers: [{ id: wallbox, cars: [{ energyWh: 50000, maxW: 4200, phases: 1 }] }]
  - { id: b, loadW: 500, battery: {}, meterDelay: 1s }
  - { id: works, kind: generators, loadW: 9000, generators: [{ id: genset, minUpS: 60, minDownS: 30 }, { id: spare }] }
plan:
  - { device: genset, run: true, powerW: 8000 }
  - { device: spare, run: true, powerW: 4000 }
  - { device: a-battery, batteryW: 0, gridW: 0 }
  - { device: wallbox, drawW: 11000 }
happens:
  - { at: 0s, for: 24h, limit: import, scope: a, valueW: 3000 }
  - { at: 0s, for: 24h, limit: export, scope: fleet, valueW: 500 }
  - { at: 0s, for: 35s, startFails: genset }
  - { at: 40s, for: 30s, deaf: b-battery }
  - { at: 90s, for: 40s, frozen: a }
expect: [{ power: genset, from: 0s, atMost: 8000 }]
`;
const lived = (jump: string) => {
  const scenario = parseScenario('busy.yaml', STORY.replace('happens:', `happens:${jump}`));
  return runScenario(scenario, GENSET).moments.map(({ atMs, powersW, reasons }) => ({ atMs, powersW, reasons }));
};

it('goes the same way where the clock is put forward, whenever it is', () => {
  const undisturbed = lived('');
  for (let second = 1; second < 240; second += 17)
    expect(lived(`\n  - { at: ${second}s, clockJumps: 10m }`), `put forward after ${second} s`).toEqual(undisturbed);
});
