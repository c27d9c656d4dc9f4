// A process that appends readings until it is killed. Says on each line what it found, and what was acknowledged.
import { writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { SqliteReadingStore } from '../../dist/src/telemetry/adapters/sqlite-reading-store.js';

const T0 = Date.UTC(2026, 4, 1);
const DEVICES = ['pv-1', 'pv-2', 'pv-3'];
const BATCH = 40;
const FAR = T0 + 1e12;

const say = (word, value) => writeSync(1, `${word} ${value}\n`);
const count = async (store, deviceId) => {
  const asked = { deviceIds: [deviceId], quantities: ['pv.powerW'], fromMs: T0, toMs: FAR };
  const samples = await store.samples(asked);
  const days = await store.range({ ...asked, stepMs: 86_400_000, aggregate: 'mean' });
  const inOrder = samples.every(({ atMs, values }, i) => atMs === T0 + i * 1_000 && values['pv.powerW'] === i);
  // The roll-ups know of the same readings as the readings themselves.
  const summed = days.map(
    ({ atMs, values }) => values['pv.powerW'] * samples.filter((one) => one.atMs - atMs >= 0 && one.atMs - atMs < 86_400_000).length,
  );
  const rolledUp = Math.round(summed.reduce((a, b) => a + b, 0)) === (samples.length * (samples.length - 1)) / 2;
  return { samples: samples.length, inOrder, rolledUp };
};

const began = performance.now();
const store = SqliteReadingStore.open(process.argv[2]);
say('opened', Math.round(performance.now() - began));
const found = [];
for (const deviceId of DEVICES) found.push(await count(store, deviceId));
say('found', JSON.stringify(found));
for (let next = found[0].samples; ; next += BATCH) {
  const batch = Array.from({ length: BATCH }, (_, i) => next + i);
  await store.append(
    batch.flatMap((i) =>
      DEVICES.map((deviceId) => ({ deviceId, atMs: T0 + i * 1_000, values: { 'pv.powerW': i, 'pv.toBusCounterWh': i } })),
    ),
  );
  say('acknowledged', next + BATCH);
}
