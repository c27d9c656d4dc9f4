import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findingsOf } from '../../src/cli/scenario/scenario-checks.js';
import { parseScenario, type Scenario } from '../../src/cli/scenario/scenario-file.js';
import { runScenario } from '../../src/cli/scenario/scenario-run.js';
import { loadProfiles, profileNamed } from '../../src/field/profiles.js';

const FOLDER = new URL('dispatch', import.meta.url).pathname;
const GENSET = profileNamed(loadProfiles(), 'virtual-genset');
const SCENARIOS = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => [name, parseScenario(name, readFileSync(join(FOLDER, name), 'utf8'))] as const);

const failures = (scenario: Scenario, handsOff = false): string[] =>
  findingsOf(scenario, runScenario(scenario, GENSET, handsOff)).flatMap(({ expects, found, holds }) =>
    holds ? [] : [`${expects}: ${found}`],
  );

/** The same story without what it is about: then it must not end well. */
const failuresWithout = (scenario: Scenario): string[] => {
  const { failsWithout, happens } = scenario;
  if (failsWithout === 'dispatch') return failures(scenario, true);
  return failures({ ...scenario, happens: happens.filter((one) => !(failsWithout in one)) });
};

describe.each(SCENARIOS)('%s', (_, scenario) => {
  it('ends as expected', () => {
    expect(failures(scenario)).toEqual([]);
  });

  it('would not without what it is about', () => {
    expect(failuresWithout(scenario)).not.toEqual([]);
  });
});

it('goes the same way each time', () => {
  const [, scenario] = SCENARIOS.find(([name]) => name === 'inverter-lost-in-mid-event.yaml')!;
  expect(runScenario(scenario, GENSET)).toEqual(runScenario(scenario, GENSET));
});
