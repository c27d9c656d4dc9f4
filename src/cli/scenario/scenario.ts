import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { loadProfiles, profileNamed } from '../../field/profiles.js';
import { BadInput, messageOf } from '../../kernel/errors.js';
import { HOUR_MS, SECOND_MS } from '../../kernel/units.js';
import { type Finding, findingsOf } from './scenario-checks.js';
import { parseScenario, type Scenario } from './scenario-file.js';
import { type Recording, runScenario } from './scenario-run.js';

interface RunOptions {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly handsOff?: boolean;
}

const HELP = `
A scenario is a YAML file: sites, load and sun over time, a plan, what happens, and what is expected. It is lived through on
virtual time by the plant's own decisions and the simulator's physics, and always goes the same way.

A site with several inverters names each of them; plan, happenings and expectations speak of them by these names:
  sites:
    - id: a
      loadW: 800
      roofs:
        - { id: a-east, ratedW: 5000, sunW: 400 }
        - { id: a-west, ratedW: 5000, sunW: [{ at: 0s, w: 4000 }, { at: 5m, w: 500, over: 10s }] }
        - { id: a-hybrid, ratedW: 5000, sunW: 2000, battery: { socPct: 60 } }
      batteries: [{ id: a-cellar, maxW: 3000 }, { id: a-attic, capacityWh: 5000, maxW: 2000 }]
With one of a kind there is a short form: sunW and pvRatedW (the device a-sun), battery (a-battery), hybrid: true (a-hybrid).

Examples:
  $ vpp scenario run test/scenario/dispatch/*.yaml
  $ vpp scenario run my.yaml --csv > powers.csv`;

/** `vpp scenario …` */
export const scenarioCommand = (): Command => {
  const command = new Command('scenario').description('stories of a plant on virtual time, and what is expected of it');
  command
    .command('run')
    .argument('<files...>', 'scenarios, YAML')
    .description('live through scenarios, and say what held; exits 1 where something did not')
    .option('--hands-off', 'decide nothing: what devices do by themselves')
    .option('--csv', 'every power of every cycle, as CSV')
    .option('--json', 'print JSON for machines')
    .addHelpText('after', HELP)
    .action(run);
  return command;
};

const run = (files: readonly string[], options: RunOptions): void => {
  const genset = profileNamed(loadProfiles(), 'virtual-genset');
  const told = files.map((file) => {
    const scenario = parseScenario(file, textOf(file));
    const recording = runScenario(scenario, genset, options.handsOff);
    return { file, scenario, recording, findings: findingsOf(scenario, recording) };
  });
  if (options.csv) for (const { recording } of told) printCsv(recording);
  else if (options.json)
    console.log(
      JSON.stringify(
        told.map((one) => ({ file: one.file, name: one.scenario.name, ...jsonOf(one) })),
        null,
        2,
      ),
    );
  else for (const { scenario, recording, findings } of told) printText(scenario, recording, findings);
  if (told.some(({ findings }) => findings.some(({ holds }) => !holds))) process.exitCode = 1;
};

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new BadInput(`${file}: can't be read: ${messageOf(error)}`);
  }
};

const perHour = ({ writes }: Recording, { for: lengthMs }: Scenario): Record<string, number> =>
  Object.fromEntries([...writes].map(([id, count]) => [id, Math.round((count * HOUR_MS) / lengthMs)]));

const jsonOf = ({ scenario, recording, findings }: { scenario: Scenario; recording: Recording; findings: readonly Finding[] }) => ({
  holds: findings.every(({ holds }) => holds),
  findings,
  writesPerHour: perHour(recording, scenario),
});

const printText = (scenario: Scenario, recording: Recording, findings: readonly Finding[]): void => {
  console.log(`${findings.every(({ holds }) => holds) ? '✓' : '✗'} ${scenario.name}`);
  for (const { expects, found, holds } of findings) console.log(`    ${holds ? '✓' : '✗'} ${expects}: ${found}`);
  const counts = Object.entries(perHour(recording, scenario)).map(([id, count]) => `${id} ${count}`);
  if (counts.length > 0) console.log(`    writes an hour: ${counts.join(', ')}`);
};

const printCsv = ({ moments }: Recording): void => {
  const names = Object.keys(moments[0]?.powersW ?? {});
  console.log(['s', ...names, ...Object.keys(moments[0]?.socPct ?? {}).map((id) => `${id}.socPct`)].join(','));
  for (const { atMs, powersW, socPct } of moments)
    console.log(
      [atMs / SECOND_MS, ...names.map((name) => powersW[name]!.toFixed(1)), ...Object.values(socPct).map((pct) => pct.toFixed(2))].join(
        ',',
      ),
    );
};
