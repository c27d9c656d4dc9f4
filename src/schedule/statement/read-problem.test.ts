import { fc, test } from '../../../test/prop.js';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseProblem } from '../parse-problem.js';
import { faultLine } from './problem-fault.js';
import { readProblem } from './read-problem.js';

type Json = Record<string, unknown>;
const SAMPLE = JSON.parse(readFileSync('docs/schedule-sample.json', 'utf8')) as Json & Record<string, Json[]>;

const sample = (change: (problem: typeof SAMPLE) => void): unknown => {
  const copy = structuredClone(SAMPLE);
  change(copy);
  return copy;
};
const linesOf = (input: unknown): string[] => readProblem(input).faults.map(faultLine);

describe('a problem that is in order', () => {
  it('is read as the schema reads it, remarks left aside', () => {
    expect(readProblem(SAMPLE).faults).toEqual([]);
    expect(parseProblem(SAMPLE).batteries[0]).toMatchObject({ id: 'home-battery', chargeFromGrid: true, targets: [] });
  });
});

describe('a problem with faults', () => {
  it('hears of all of them at once: values, names and rules between fields', () => {
    const input = sample(({ sites, batteries, generators, events, flexibleLoads }) => {
      sites![0]!['loadW'] = [1, 2, 3];
      sites![1]!['importMicroPerKwh'] = 'cheap';
      Object.assign(batteries![0]!, { siteId: 'hom', chargeEfficiency: 1.2, minEnergyWh: 11_000, targets: [{ step: 24, energyWh: 1 }] });
      Object.assign(generators![0]!, { minW: 30_000, rampWperS: 3 });
      delete generators![0]!['rampWPerS'];
      events![0]!['direction'] = 'sideways';
      delete flexibleLoads![0]!['energyWh'];
    });
    expect(linesOf(input)).toEqual([
      'sites[1].importMicroPerKwh (yard): is "cheap"; give a number in micro-units/kWh',
      'batteries[0].chargeEfficiency (home-battery): is 1.2; give a number above 0 up to 1',
      'generators[0].rampWperS (yard-genset): is no field here; "rampWPerS" is one: rename it, or take it out',
      'flexibleLoads[0].energyWh (home-car): is missing; give a number from 0 in Wh',
      'events[0].direction (evening-relief): is "sideways"; give one of up, down',
      'sites[0].loadW (home): has 3 values for 24 steps; give one value, or 24',
      'batteries[0].siteId (home-battery): there is no site "hom"; give one of home, yard',
      'batteries[0].minEnergyWh (home-battery): 11000 is above maxEnergyWh 10000; give at most maxEnergyWh',
      'batteries[0].targets[0].step (home-battery): names step 24 of 24; give 0 to 23',
      'generators[0].minW (yard-genset): 30000 is above maxW 20000; give at most maxW',
    ]);
  });

  it.each<[string, (problem: typeof SAMPLE) => void, string]>([
    [
      'a name twice',
      ({ sites }) => Object.assign(sites![1]!, { id: 'home' }),
      'sites[1].id (home): "home" is there twice, first at sites[0]',
    ],
    [
      'a power beyond any there is',
      ({ sites }) => Object.assign(sites![0]!, { loadW: 1e300 }),
      'sites[0].loadW (home): is 1e+300; give a number from 0 up to 10000000000000 in W',
    ],
    ['no steps', (problem) => Object.assign(problem, { stepMinutes: [] }), 'stepMinutes: is empty; give at least one'],
    ['a date beyond any calendar', (problem) => Object.assign(problem, { startMs: 1e18 }), 'startMs: leads beyond any calendar'],
    [
      'an event without time',
      ({ events }) => Object.assign(events![0]!, { endMs: 0 }),
      'events[0].endMs (evening-relief): is not after startMs',
    ],
    [
      'a curve that is short',
      ({ generators }) => Object.assign(generators![0]!, { costCurve: [{ powerW: 1, microPerH: 1 }] }),
      'does not reach from minW 6000 to maxW 20000',
    ],
    [
      'sun that must flow but is not there',
      ({ sites }) => Object.assign(sites![0]!, { pvMinW: 10 }),
      'sites[0].pvMinW (home): is above pvW at step 0',
    ],
    [
      'a generator that has run since a moment to come',
      (problem) => Object.assign(problem['generators']![0]!, { initial: { on: true, sinceMs: 9e12 } }),
      'generators[0].initial.sinceMs (yard-genset): 9000000000000 is after startMs',
    ],
    [
      'one that stands and gives',
      ({ generators }) => Object.assign(generators![0]!, { initial: { on: false, powerW: 5_000 } }),
      'generators[0].initial.powerW (yard-genset): is 5000 though it is off; give 0, or say that it is on',
    ],
    [
      'an event of nobody',
      ({ events }) => Object.assign(events![0]!, { siteIds: [] }),
      'events[0].siteIds (evening-relief): is empty; name the sites that take part, or leave it out for all',
    ],
    [
      'an override that is too short',
      ({ generators }) => Object.assign(generators![0]!, { override: { powerW: [0, null], by: 'anna' } }),
      'generators[0].override.powerW (yard-genset): has 2 values for 24 steps; give 24',
    ],
    [
      'a hand on sun that is too short',
      ({ sites }) => Object.assign(sites![0]!, { pvOverride: { maxW: [null] } }),
      'sites[0].pvOverride.maxW (home): has 1 value for 24 steps; give 24',
    ],
    [
      'two reserves of one site',
      ({ reserves }) => void reserves!.push({ ...reserves![0], id: 'more' }),
      'site "home" holds reserve up for reserves[0] already',
    ],
    ['a list where an object belongs', (problem) => Object.assign(problem, { fleet: [] }), 'fleet: is a list; give an object'],
    [
      'many bad values',
      ({ sites }) => Object.assign(sites![0]!, { loadW: SAMPLE['sites']!.concat(Array(22).fill(null)) }),
      'sites[0].loadW[2] (home): is null (and 21 more like it)',
    ],
    ['another version', (problem) => Object.assign(problem, { version: 2 }), 'version: is 2; give 1'],
  ])('names %s', (_, change, says) => {
    expect(linesOf(sample(change)).join('\n')).toContain(says);
  });

  it.each([[null], [[]], ['text'], [7]])('takes %j for what it is', (input) => {
    expect(linesOf(input)).toHaveLength(1);
  });
});

const anywhere = fc.array(fc.nat(40), { minLength: 1, maxLength: 5 });

/** Puts something else into a place somewhere in the problem. */
const spoil = (input: unknown, way: readonly number[], value: unknown): void => {
  let at = input as Json;
  for (const [depth, turn] of way.entries()) {
    const keys = Object.keys(at);
    const key = keys[turn % keys.length];
    if (key === undefined) return;
    const next = at[key];
    if (depth === way.length - 1 || typeof next !== 'object' || next === null) {
      at[key] = value;
      return;
    }
    at = next as Json;
  }
};

describe('whatever is in the file', () => {
  test.prop(
    [fc.array(fc.tuple(anywhere, fc.oneof(fc.jsonValue(), fc.constantFrom(-1, 1e300, Infinity, null, [], {}, true))), { maxLength: 4 })],
    {
      numRuns: 500,
    },
  )('there is a problem or a named fault with its place, never an exception', (spoils) => {
    const input = structuredClone(SAMPLE);
    for (const [way, value] of spoils) spoil(input, way, value);
    const { problem, faults } = readProblem(input);
    expect(problem === undefined).toBe(faults.length > 0);
    for (const { path, what, mend } of faults) expect([path, what, mend].every((text) => text.length > 0)).toBe(true);
  });
  test.prop([fc.jsonValue()])('also where it is no problem at all', (input) => {
    expect(readProblem(input).faults.length).toBeGreaterThan(0);
  });
});
