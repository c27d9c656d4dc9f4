import { parseScenario, type Scenario } from '../../src/cli/scenario/scenario-file.js';
import { livingSites, plantOf } from '../../src/cli/scenario/scenario-plant.js';
import { ScenarioPolls } from '../../src/cli/scenario/scenario-polls.js';
import { wishesAt } from '../../src/cli/scenario/scenario-wishes.js';
import { CycleMemory } from '../../src/dispatch/cycle-memory.js';
import { changesBetween, type Parts, partsOf, wordsOf } from '../../src/dispatch/decision-record.js';
import { decide } from '../../src/dispatch/decide.js';
import { loadProfiles, profileNamed } from '../../src/field/profiles.js';
import { devicesOf } from '../../src/fleet/plant.js';
import { stepSite } from '../../src/simulator/index.js';
import { plantImage } from '../../src/telemetry/plant-image.js';
import { type BenchRow, quantile } from './bench-row.js';

const CYCLES = 40;
/** Physics go on for so many of them: they take longer than the decision. */
const LIVE_CYCLES = 5;

/** One decision for 10,000 devices in the middle of an event, in two fleets. */
export const decideRows = (): BenchRow[] => [
  ...decideIn('decide', plainFleet()),
  ...decideIn('decide with chargers, a plan and limits that bind', fleetWithChargers()),
];

/** 3,334 homes with a meter, an inverter and a battery. */
const plainFleet = (): Scenario =>
  fleetOf({
    homes: Array.from({ length: 3_334 }, (_, index) => homeOf(index, '')),
    plan: [],
    happens: ['{ at: 0s, for: 1h, event: up, powerW: 5000000 }', '{ at: 0s, for: 1h, limit: export, valueW: 9000000 }'],
  });

/** Each fourth of 3,077 homes has a charger too, one in ten is dimmed, and the fleet may import less than it would. */
const fleetWithChargers = (): Scenario => {
  const indexes = Array.from({ length: 3_077 }, (_, index) => index);
  const charger = (index: number): string => (index % 4 === 0 ? `, chargers: [{ id: h${index}-car, cars: [{ energyWh: 40000 }] }]` : '');
  return fleetOf({
    homes: indexes.map((index) => homeOf(index, charger(index))),
    plan: indexes.map((index) => `  - { device: h${index}-battery, batteryW: 500, gridW: 0 }`),
    happens: [
      '{ at: 0s, for: 1h, event: up, powerW: 3000000 }',
      '{ at: 0s, for: 1h, limit: import, valueW: 1000000 }',
      '{ at: 0s, for: 1h, limit: export, valueW: 9000000 }',
      ...indexes.filter((index) => index % 10 === 0).map((index) => `{ at: 0s, for: 1h, limit: dimming, scope: h${index}, valueW: 4200 }`),
    ],
  });
};

const homeOf = (index: number, more: string): string =>
  `  - { id: h${index}, loadW: ${300 + (index % 50) * 40}, baselineW: 900, sunW: 500, pvRatedW: 6000, battery: { socPct: ${25 + (index % 70)} }${more} }`;

const fleetOf = ({ homes, plan, happens }: Readonly<Record<'homes' | 'plan' | 'happens', readonly string[]>>): Scenario =>
  parseScenario(
    'bench',
    `name: Ten thousand devices
says: one decision for all of them
start: 2026-06-01T18:00:00Z
for: 10s
sites:
${homes.join('\n')}
plan:${plan.length === 0 ? ' []' : `\n${plan.join('\n')}`}
happens: [${happens.join(', ')}]
expect: [{ shared: given, from: 0s }]
`,
  );

const decideIn = (what: string, scenario: Scenario): BenchRow[] => {
  const plant = plantOf(scenario);
  const polls = new ScenarioPolls();
  const memory = new CycleMemory();
  const sites = livingSites(scenario, plant, profileNamed(loadProfiles(), 'virtual-genset'));
  // Limits and events last longer than all cycles: what is wished is the same in each, and gathering it is not measured.
  const wishes = wishesAt(scenario, plant, scenario.start + 60_000);
  const decideMs: number[] = [];
  const cycleMs: number[] = [];
  const imageMs: number[] = [];
  const logMs: number[] = [];
  let partsBefore: Parts = new Map();
  let changed = 0;
  for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
    const nowMs = scenario.start + cycle * 1_000;
    for (const living of sites) {
      if (cycle <= LIVE_CYCLES) living.state = stepSite(living.model, living.state, {}, 1_000);
      polls.keep(living, nowMs);
      polls.poll(living, { realMs: nowMs, leaptMs: 0 }, () => false, { isFrozen: false, isAlone: false });
    }
    const imagedMs = performance.now();
    const image = plantImage(plant, polls.states, nowMs);
    imageMs.push(performance.now() - imagedMs);
    const beganMs = performance.now();
    const seen = memory.look(plant, image, wishes.lockedOut);
    const lookedMs = performance.now();
    const decision = decide({ ...wishes, ...seen, atMs: nowMs, plant });
    decideMs.push(performance.now() - lookedMs);
    memory.note(plant, image, decision);
    cycleMs.push(performance.now() - beganMs);
    const notedMs = performance.now();
    const parts = partsOf({ ...wishes, ...seen, atMs: nowMs, plant }, decision);
    const { set } = changesBetween(partsBefore, parts);
    wordsOf(set);
    partsBefore = parts;
    logMs.push(performance.now() - notedMs);
    changed = set.length;
  }
  return [
    { what: `${what}: the image of the plant that it is made on, median`, value: quantile(imageMs, 0.5), unit: 'ms' },
    { what: `${what}: devices`, value: devicesOf(plant).length, unit: '' },
    { what: `${what}: one decision, median`, value: quantile(decideMs, 0.5), unit: 'ms', bound: 50 },
    { what: `${what}: one decision, p95`, value: quantile(decideMs, 0.95), unit: 'ms' },
    { what: `${what}: and what is remembered between cycles, median`, value: quantile(cycleMs, 0.5), unit: 'ms', bound: 50 },
    { what: `${what}: entries of the log that change in a cycle`, value: changed, unit: '' },
    {
      what: `${what}: beside the devices being told, working them out and putting them into words, median`,
      value: quantile(logMs, 0.5),
      unit: 'ms',
    },
  ];
};
