import { mkdirSync, writeFileSync } from 'node:fs';
import type { BenchRow } from './bench-row.js';
import { demoBench } from './demo.js';
import { pollBench } from './poll.js';
import { startupBench } from './startup.js';

/** `npm run bench -- NAME`: a table on the screen, and the same as JSON in test-results/. */
const BENCHES: Readonly<Record<string, () => Promise<BenchRow[]>>> = { startup: startupBench, demo: demoBench, poll: pollBench };

const name = process.argv[2] ?? '';
const bench = BENCHES[name];
if (!bench) {
  process.stderr.write(`npm run bench -- NAME, where NAME is one of ${Object.keys(BENCHES).join(', ')}\n`);
  process.exit(2);
}
const rows = await bench();
mkdirSync('test-results', { recursive: true });
writeFileSync(`test-results/bench-${name}.json`, `${JSON.stringify({ bench: name, node: process.version, rows }, null, 2)}\n`);
const width = Math.max(...rows.map(({ what }) => what.length));
for (const { what, value, unit, bound } of rows) {
  process.stdout.write(
    `${what.padEnd(width)}  ${value.toFixed(2).padStart(10)} ${unit.padEnd(10)}${bound === undefined ? '' : ` (under ${bound})`}\n`,
  );
}
