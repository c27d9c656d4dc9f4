import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findingsOf } from '../../src/cli/scenario/scenario-checks.js';
import { parseScenario, type Scenario } from '../../src/cli/scenario/scenario-file.js';
import { runScenario } from '../../src/cli/scenario/scenario-run.js';
import { loadProfiles, profileNamed } from '../../src/field/profiles.js';
import type { BenchOptions, BenchRow } from './bench-row.js';
import { decideRows } from './dispatch-decide.js';
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
