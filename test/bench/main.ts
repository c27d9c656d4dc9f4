import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BadInput, messageOf } from '../../src/kernel/errors.js';
import { batteryBench } from './battery.js';
import type { BenchOptions, BenchRow } from './bench-row.js';
import { demoBench } from './demo.js';
import { dispatchBench } from './dispatch.js';
import { forecastBench } from './forecast.js';
import { pollBench } from './poll.js';
import { proofBench } from './proof.js';
import { scheduleBench } from './schedule.js';
import { startupBench } from './startup.js';
import { storeBench } from './store.js';

/** `npm run bench -- NAME`: a table on the screen, and the same as JSON in test-results/. */
const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<BenchRow[]>>> = {
  startup: startupBench,
  demo: demoBench,
  poll: pollBench,
  store: storeBench,
  proof: proofBench,
  schedule: scheduleBench,
  battery: batteryBench,
  forecast: forecastBench,
  dispatch: dispatchBench,
};

const wrongUsage = (line: string): never => {
  process.stderr.write(`${line}\n`);
  return process.exit(2);
};

const askedFor = (): { name: string; options: BenchOptions } => {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: {
        server: { type: 'string', default: 'own' },
        minutes: { type: 'string', default: '5' },
        only: { type: 'string', default: '' },
        data: { type: 'string', default: '../shared/data' },
        every: { type: 'string', default: '4' },
      },
    });
    const minutes = Number(values.minutes);
    if (!(minutes > 0)) wrongUsage(`--minutes "${values.minutes}": give a number above 0`);
    const everyWeeks = Number(values.every);
    if (!(Number.isInteger(everyWeeks) && everyWeeks >= 1 && everyWeeks <= 52))
      wrongUsage(`--every "${values.every}": give a whole number of weeks, 1 to 52`);
    return { name: positionals[0] ?? '', options: { server: values.server, minutes, data: values.data, only: values.only, everyWeeks } };
  } catch (error) {
    return wrongUsage(messageOf(error));
  }
};

const { name, options } = askedFor();
const bench = BENCHES[name];
if (!bench)
  wrongUsage(
    `npm run bench -- NAME [--server own|libmodbus] [--minutes N] [--data FOLDER] [--only PART] [--every WEEKS], where NAME is one of ${Object.keys(BENCHES).join(', ')}`,
  );
else {
  const rows = await bench(options).catch((error: unknown) => {
    if (error instanceof BadInput) return wrongUsage(error.message);
    throw error;
  });
  mkdirSync('test-results', { recursive: true });
  writeFileSync(`test-results/bench-${name}.json`, `${JSON.stringify({ bench: name, node: process.version, rows }, null, 2)}\n`);
  const width = Math.max(...rows.map(({ what }) => what.length));
  for (const { what, value, unit, bound } of rows) {
    const figure = typeof value === 'number' ? value.toFixed(2) : value;
    process.stdout.write(
      `${what.padEnd(width)}  ${figure.padStart(10)} ${unit.padEnd(10)}${bound === undefined ? '' : ` (under ${bound})`}\n`,
    );
  }
}
