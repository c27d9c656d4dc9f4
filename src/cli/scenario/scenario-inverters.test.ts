import { describe, expect, it } from 'vitest';
import { loadProfiles, profileNamed } from '../../field/profiles.js';
import { parseScenario } from './scenario-file.js';
import { faultsOf } from './scenario-file.fixture.js';
import { plantOf } from './scenario-plant.js';
import { runScenario } from './scenario-run.js';

const GENSET = profileNamed(loadProfiles(), 'virtual-genset');
const STORY = `
name: A house with several inverters
says: Each roof has sun of its own, and each battery its own charge.
start: 2026-06-01T11:00:00Z
for: 2m
sites:
  - id: a
    loadW: 1000
    roofs:
      - { id: east, ratedW: 5000, sunW: 400 }
      - { id: west, ratedW: 4000, sunW: 2500, saysAvailable: false }
      - { id: garage, ratedW: 3000, sunW: 1000, battery: { socPct: 30, capacityWh: 5000 } }
    batteries: [{ id: cellar, socPct: 50 }, { id: attic, maxW: 2000, socPct: 100, capacityWh: 5000 }]
happens:
  - { at: 0s, for: 2m, override: west, powerW: 700 }
  - { at: 0s, for: 2m, override: cellar, powerW: -1200 }
  - { at: 1m, for: 1m, lost: east }
expect: [{ power: east, from: 10s, atLeast: 0 }, { socPct: attic, from: 10s, atMost: 100 }, { writes: west, perHour: 600 }]
`;
const SHORT = STORY.replace(/roofs:[^]*?batteries: .*/, 'sunW: 400\n    pvRatedW: 5000\n    battery: {}').replace(
  /happens:[^]*?expect: .*/,
  '',
);
const EXPECT = 'expect: [{ power: a.grid, from: 10s, atLeast: 0 }]\n';

describe('a site of a scenario with several inverters', () => {
  const scenario = parseScenario('story.yaml', STORY);

  it('is a plant with each of them', () => {
    const { devices } = plantOf(scenario).sites[0]!;
    expect(devices.map(({ id, role, ratedW, battery }) => [id, role, ratedW, battery?.capacityWh])).toEqual([
      ['a-meter', 'grid-meter', 30_000, undefined],
      ['east', 'pv', 5_000, undefined],
      ['west', 'pv', 4_000, undefined],
      ['garage', 'hybrid', 3_000, 5_000],
      ['cellar', 'battery', 5_000, 10_000],
      ['attic', 'battery', 2_000, 5_000],
    ]);
  });

  it('records each, does to each what happens to it, and sums them up', () => {
    const { moments } = runScenario(scenario, GENSET);
    const [before, end] = [moments[50]!, moments.at(-1)!];
    expect(before.powersW).toMatchObject({
      east: 400,
      west: expect.closeTo(700, 0) as number,
      cellar: expect.closeTo(-1_200, 0) as number,
    });
    expect(end.powersW['east']).toBe(0);
    for (const { powersW } of moments) {
      const sunW = powersW['east']! + powersW['west']! + powersW['garage.sun']!;
      expect(powersW['a.sun']).toBeCloseTo(sunW, 6);
      expect(powersW['a.battery']).toBeCloseTo(powersW['garage.battery']! + powersW['cellar']! + powersW['attic']!, 6);
      expect(powersW['a.grid']! + powersW['a.sun']! + powersW['a.battery']!).toBeCloseTo(1_000, 6);
    }
    const { cellar, attic, garage, a } = before.socPct;
    expect(a).toBeCloseTo((2 * cellar! + attic! + garage!) / 4, 6);
  });

  it('tells what its sun could give only where it says so', () => {
    const said: unknown[] = [];
    runScenario(scenario, GENSET, false, ({ image }) => {
      if (said.length === 0) for (const id of ['east', 'west']) said.push(image.devices.get(id)!.values['pv.availableW']);
    });
    expect(said).toEqual([400, undefined]);
  });

  it('means the same by the short form', () => {
    const [site] = parseScenario('story.yaml', SHORT + EXPECT).sites;
    expect([site!.roofs, site!.batteries]).toMatchObject([[{ id: 'a-sun', ratedW: 5_000, sunW: 400 }], [{ id: 'a-battery', maxW: 5_000 }]]);
  });

  it.each([
    ['both forms of sun', STORY.replace('loadW: 1000', 'sunW: 100'), /story\.yaml:10: sites\.a\.roofs: stands in the place of `pvRatedW`/],
    [
      'both forms of batteries',
      STORY.replace('loadW: 1000', 'battery: {}'),
      /story\.yaml:13: .*batteries: stands in the place of `battery`/,
    ],
    [
      'a name used twice',
      STORY.replace('id: west', 'id: cellar').replace('override: west', 'override: east').replace('writes: west', 'writes: east'),
      /story\.yaml:7: sites\.a: there is another .*"cellar"; give it an id/,
    ],
    ['a roof without its rating', STORY.replace('ratedW: 5000, ', ''), /story\.yaml:10: sites\.a\.roofs\.east\.ratedW: .*missing/],
    ['a device that is not there', STORY.replace('lost: east', 'lost: a-sun'), /no site or device "a-sun"/],
  ])('names the line of %s', (_, text, fault) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(fault)]);
  });
});
