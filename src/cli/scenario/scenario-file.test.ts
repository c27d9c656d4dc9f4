import { describe, expect, it } from 'vitest';
import { parseScenario } from './scenario-file.js';
import { faultsOf } from './scenario-file.fixture.js';

const SCENARIO = `name: A test
says: what is to be seen of it
start: 2026-06-01T18:00:00Z
for: 1h30m
sites:
  - { id: a, battery: {} }
happens:
  - { at: 90s, for: 5m, silent: a-battery }
expect:
  - { socPct: a, from: 0s, atLeast: 20 }
`;

describe('a scenario file', () => {
  it('says lengths of time as people do', () => {
    const { for: lengthMs, happens } = parseScenario('story.yaml', SCENARIO);
    expect([lengthMs, happens[0]!.at]).toEqual([5_400_000, 90_000]);
  });

  it.each([
    [
      'a device that is not there',
      SCENARIO.replace('silent: a-battery', 'silent: b-battery'),
      /story\.yaml:8: .*no site or device "b-battery"/,
    ],
    ['what happens after the end', SCENARIO.replace('at: 90s', 'at: 2h'), /story\.yaml:8: happens\.0\.at: lies after the end/],
    ['a length of time it cannot read', SCENARIO.replace('1h30m', '90 minutes'), /story\.yaml:4: for: must read like 90s/],
    [
      'a hybrid without its battery',
      SCENARIO.replace('battery: {}', 'hybrid: true').replace('a-battery', 'a-meter'),
      /story\.yaml:6: .*a hybrid needs `battery` and `pvRatedW`/,
    ],
    [
      'a name too short to say anything',
      SCENARIO.replace(/name: .*/, 'name: x'),
      /: name: is the text "x", and must be a text of at least 3 char/,
    ],
    [
      'what is wrong in something that happens',
      SCENARIO.replace('silent: a-battery', 'event: up, powerW: -1'),
      /story\.yaml:8: happens\.0\.powerW: is -1, and must be above 0/,
    ],
    ['something to fail without that never happens', `${SCENARIO}failsWithout: limit\n`, /nothing of the kind "limit" happens/],
  ])('names the line of %s', (_, text, fault) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(fault)]);
  });
});
