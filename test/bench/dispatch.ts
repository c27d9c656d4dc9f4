import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findingsOf } from '../../src/cli/scenario/scenario-checks.js';
import { parseScenario, type Scenario } from '../../src/cli/scenario/scenario-file.js';
import { livingSites, plantOf } from '../../src/cli/scenario/scenario-plant.js';
import { ScenarioPolls } from '../../src/cli/scenario/scenario-polls.js';
import { runScenario } from '../../src/cli/scenario/scenario-run.js';
import { wishesAt } from '../../src/cli/scenario/scenario-wishes.js';
import { CycleMemory } from '../../src/dispatch/cycle-memory.js';
import { decide } from '../../src/dispatch/decide.js';
import { loadProfiles, profileNamed } from '../../src/field/profiles.js';
import { devicesOf } from '../../src/fleet/plant.js';
import { stepSite } from '../../src/simulator/index.js';
import { plantImage } from '../../src/telemetry/plant-image.js';
import { type BenchOptions, type BenchRow, quantile } from './bench-row.js';
import { wireRows } from './dispatch-wire.js';

const SCENARIOS = 'test/scenario/dispatch';
const GENSET = profileNamed(loadProfiles(), 'virtual-genset');

/** `npm run bench -- dispatch [--only decide|loop|scenarios|wire]` */
export const dispatchBench = async ({ only }: BenchOptions): Promise<BenchRow[]> => {
  const parts: Readonly<Record<string, () => BenchRow[] | Promise<BenchRow[]>>> = {
    decide: decideRows,
    loop: loopRows,
    scenarios: scenarioRows,
    wire: wireRows,
  };
  const rows: BenchRow[] = [];
  for (const [name, part] of Object.entries(parts)) if (name.startsWith(only)) rows.push(...(await part()));
  return rows;
};

/** One decision for 10,000 devices in the middle of an event: 3,334 homes with a meter, an inverter and a battery. */
const decideRows = (): BenchRow[] => {
  const homes = Array.from(
    { length: 3_334 },
    (_, index) =>
      `  - { id: h${index}, loadW: ${300 + (index % 50) * 40}, baselineW: 900, sunW: 500, pvRatedW: 6000, battery: { socPct: ${25 + (index % 70)} } }`,
  );
  const scenario = parseScenario(
    'bench',
    `name: Ten thousand devices
says: one decision for all of them
start: 2026-06-01T18:00:00Z
for: 10s
sites:
${homes.join('\n')}
happens: [{ at: 0s, for: 1h, event: up, powerW: 5000000 }, { at: 0s, for: 1h, limit: export, valueW: 9000000 }]
expect: [{ shared: given, from: 0s }]
`,
  );
  const plant = plantOf(scenario);
  const polls = new ScenarioPolls();
  const memory = new CycleMemory();
  const sites = livingSites(scenario, plant, GENSET);
  const decideMs: number[] = [];
  const cycleMs: number[] = [];
  for (let cycle = 1; cycle <= 40; cycle += 1) {
    const nowMs = scenario.start + cycle * 1_000;
    for (const living of sites) {
      if (cycle <= 5) living.state = stepSite(living.model, living.state, {}, 1_000);
      polls.keep(living, nowMs);
      polls.poll(living, nowMs, () => false, { isFrozen: false, isAlone: false });
    }
    const image = plantImage(plant, polls.states, nowMs);
    const wishes = wishesAt(scenario, plant, nowMs);
    const beganMs = performance.now();
    const seen = memory.look(plant, image, wishes.lockedOut);
    const lookedMs = performance.now();
    const decision = decide({ ...wishes, ...seen, atMs: nowMs, plant });
    decideMs.push(performance.now() - lookedMs);
    memory.note(plant, image, decision);
    cycleMs.push(performance.now() - beganMs);
  }
  return [
    { what: 'decide: devices', value: devicesOf(plant).length, unit: '' },
    { what: 'decide: one decision, median', value: quantile(decideMs, 0.5), unit: 'ms', bound: 50 },
    { what: 'decide: one decision, p95', value: quantile(decideMs, 0.95), unit: 'ms' },
    { what: 'decide: with what is remembered between cycles, median', value: quantile(cycleMs, 0.5), unit: 'ms', bound: 50 },
  ];
};

/** A step of the load under a meter that is two seconds late, and the hour after it. */
const loopRows = (): BenchRow[] =>
  [0, 1, 2, 3].flatMap((delayS) => {
    const text = readFileSync(join(SCENARIOS, 'late-meter-load-step.yaml'), 'utf8').replace('meterDelay: 2s', `meterDelay: ${delayS}s`);
    const { moments, writes } = runScenario(parseScenario('late-meter-load-step.yaml', text), GENSET);
    const after = moments
      .filter(({ atMs }) => atMs > 60_000)
      .map(({ atMs, powersW }) => ({ s: atMs / 1_000 - 60, gridW: powersW['a.grid']! }));
    const outside = after.filter(({ gridW }) => Math.abs(gridW) > 25);
    const what = `loop: meter ${delayS} s late:`;
    return [
      { what: `${what} 3 kW step within 25 W for good after`, value: outside.at(-1)?.s ?? 0, unit: 's', bound: 15 },
      { what: `${what} overshoot`, value: (100 * Math.max(0, ...after.map(({ gridW }) => -gridW))) / 3_000, unit: '%', bound: 5 },
      {
        what: `${what} widest swing in the hour after`,
        value: Math.max(...after.filter(({ s }) => s > 15).map(({ gridW }) => Math.abs(gridW))),
        unit: 'W',
        bound: 25,
      },
      { what: `${what} setpoint writes`, value: writes.get('a-battery') ?? 0, unit: '/h' },
    ];
  });

/** Every scenario, and how far limits were passed in those that are about them. */
const scenarioRows = (): BenchRow[] => {
  const all = readdirSync(SCENARIOS)
    .sort()
    .map((name) => parseScenario(name, readFileSync(join(SCENARIOS, name), 'utf8')));
  const beganMs = performance.now();
  const failed = all.filter((scenario) => findingsOf(scenario, runScenario(scenario, GENSET)).some(({ holds }) => !holds));
  const seconds = (performance.now() - beganMs) / 1_000;
  return [
    { what: 'scenarios: lived through', value: all.length, unit: '' },
    { what: 'scenarios: that did not end as expected', value: failed.length, unit: '', bound: 1 },
    { what: 'scenarios: virtual hours', value: all.reduce((sum, scenario) => sum + scenario.for, 0) / 3_600_000, unit: 'h' },
    { what: 'scenarios: time for all', value: seconds, unit: 's' },
    ...cloudRows(all.find(({ name }) => name.startsWith('A whole hour of broken clouds'))!),
  ];
};

const cloudRows = (scenario: Scenario): BenchRow[] => {
  const limitW = 4_000;
  const { moments } = runScenario(scenario, GENSET);
  const exportW = moments.filter(({ atMs }) => atMs > 15_000).map(({ powersW }) => -powersW['a.grid']!);
  const worst = (seconds: number): number => {
    const means = exportW
      .slice(seconds - 1)
      .map((_, index) => exportW.slice(index, index + seconds).reduce((sum, powerW) => sum + powerW, 0) / seconds);
    return (100 * Math.max(...means)) / limitW - 100;
  };
  return [
    { what: 'scenarios: broken clouds, worst 10 s mean against the limit', value: worst(10), unit: '%', bound: 2 },
    { what: 'scenarios: broken clouds, worst quarter-hour against the limit', value: worst(900), unit: '%', bound: 0 },
  ];
};
