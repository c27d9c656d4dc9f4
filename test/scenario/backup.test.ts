import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lost, lostRows, type Stored, storedIn } from './plant-files.js';
import { RunningPlant } from './running-plant.js';
import { OPERATOR, ServedPlant } from './served-plant.js';
import { runVpp } from './vpp-process.js';

interface Made {
  readonly at: string;
  readonly files: number;
  readonly plant: string;
  readonly fleet?: string;
  readonly notes: string[];
}

const backUp = async (file: string, dataDir: string): Promise<Made> => {
  const { code, stdout, stderr } = await runVpp(['backup', file, '--data', dataDir, '--json']);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Made;
};

/** The demo fills in its past as fast as it can: readings, intervals, records, anchors and statements all at once. */
describe('a backup of a plant that works hard', { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
  const [data, restored] = [join(folder, 'data'), join(folder, 'restored')];
  const file = join(folder, 'plant.tar');
  let plant: RunningPlant;
  let before: Stored;
  let after: Stored;
  let made: Made;

  beforeAll(async () => {
    plant = await RunningPlant.demo(data);
    await plant.until<{ history: { daysDone: number } }>('/api/plant', ({ history }) => history.daysDone >= 3);
    // What can be read in the files was acknowledged before the backup began.
    before = storedIn(data, 0);
    made = await backUp(file, data);
    expect(await plant.process.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    const { code, stderr } = await runVpp(['restore', file, '--data', restored]);
    if (code !== 0) throw new Error(stderr);
    after = storedIn(restored, 0);
  }, 240_000);
  afterAll(async () => {
    await plant?.process.end('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('holds everything that was stored when it began', () => {
    expect(before.readings.size).toBeGreaterThan(5_000);
    expect(before.statements.length).toBeGreaterThan(0);
    expect(lost(before.readings, after.readings)).toEqual([]);
    expect(lost(before.intervalRows, after.intervalRows)).toEqual([]);
    expect(lostRows(before.leaves, after.leaves)).toEqual([]);
    expect(lostRows(before.statements, after.statements)).toEqual([]);
    expect(lostRows(before.eventResults, after.eventResults)).toEqual([]);
    expect(after.anchors.length).toBeGreaterThanOrEqual(before.anchors.length);
  });

  it('holds no anchor of a log that it does not hold', () => {
    const database = new Database(join(restored, 'plant.sqlite'), { readonly: true });
    const anchors = database.prepare('SELECT signature, expired_signatures AS expired, state FROM proof_anchors').all() as {
      signature: string | null;
      expired: string;
      state: string;
    }[];
    database.close();
    const ledger = readFileSync(join(restored, 'ledger/embedded-ledger.jsonl'), 'utf8').trim().split('\n');
    const sent = ledger.map((line) => JSON.parse(line) as { kind: string; signature: string }).filter(({ kind }) => kind === 'transaction');
    const known = new Set(anchors.flatMap(({ signature, expired }) => [signature, ...(JSON.parse(expired) as string[])]));
    expect(sent.filter(({ signature }) => !known.has(signature))).toEqual([]);
    const landed = anchors.filter(({ state }) => state === 'confirmed' || state === 'finalized').map(({ signature }) => signature);
    expect(lost(landed, new Set(sent.map(({ signature }) => signature)))).toEqual([]);
    expect(landed.length).toBeGreaterThan(0);
  });

  it('keeps what is secret to this user, and nothing of the process that ran', () => {
    const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect([modeOf(file), modeOf(restored), modeOf(join(restored, 'keys/proof-keys.json'))]).toEqual(['600', '700', '600']);
    expect(readFileSync(join(restored, 'keys/proof-keys.json'))).toEqual(readFileSync(join(data, 'keys/proof-keys.json')));
    const kept = readdirSync(restored).sort();
    const left = readdirSync(data).filter((name) => !kept.includes(name) && !/-(wal|shm|journal)$/.test(name));
    expect(left.sort()).toEqual(['lock.sqlite', 'running.json']);
    expect(readdirSync(folder).sort()).toEqual(['data', 'plant.tar', 'restored']);
    expect(made).toMatchObject({ database: 'sqlite', readings: 'sqlite', notes: [] });
  });

  it('starts, goes on, and hands out proofs that its ledger has', async () => {
    plant = await RunningPlant.demo(restored);
    const home = plant.household('home-04');
    const { leaves } = await plant.get<{ leaves: number }>('/api/proof/status');
    expect(leaves).toBeGreaterThanOrEqual(before.leaves.length);
    const status = await plant.until<{ leaves: number; anchoredLeaves: number; rpcUrl: string }>(
      '/api/proof/status',
      (now) => now.leaves > leaves && now.anchoredLeaves > leaves,
    );
    const proofs = await plant.get<{ leafIndex: number; anchor?: object }[]>('/api/me/proofs', home);
    const bundles = proofs.filter(({ anchor, leafIndex }) => anchor && leafIndex < leaves).slice(0, 3);
    expect(bundles).toHaveLength(3);
    for (const { leafIndex } of bundles) {
      const bundle = join(folder, `bundle-${leafIndex}.json`);
      writeFileSync(bundle, await plant.text(`/api/me/proofs/${leafIndex}`, home));
      const { code, stdout } = await runVpp(['proof', 'verify', bundle, '--rpc', status.rpcUrl]);
      expect([code, stdout]).toEqual([0, expect.stringMatching(/every check passed/)]);
    }
    const now = storedIn(restored, 0);
    expect(now.leaves.slice(0, after.leaves.length)).toEqual(after.leaves);
    expect(now.anchors.map(({ previous_size }, i) => [i, previous_size])).toEqual(
      now.anchors.map((_anchor, i) => [i, now.anchors[i - 1]?.tree_size ?? 0]),
    );
    await plant.process.end('SIGINT');
  });
});

describe('a backup of a plant on its own hardware', { timeout: 120_000 }, () => {
  const plant = new ServedPlant();
  const at = (...parts: string[]): string => join(plant.folder, ...parts);
  const restore = (file: string, data: string, ...more: string[]) => runVpp(['restore', file, '--data', at(data), ...more]);
  const refusal = async (...of: Parameters<typeof restore>): Promise<[number | null, string]> => {
    const { code, stderr } = await restore(...of);
    return [code, stderr.trim().split('\n').at(-1)!];
  };

  beforeAll(async () => {
    await plant.prepare();
    await plant.start();
    await plant.running.until<{ leaves: number }>('/api/proof/status', ({ leaves }) => leaves > 0, OPERATOR);
    const { code, stdout } = await runVpp(['backup', at('plant.tar'), '--data', plant.dataDir]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/It holds the plant’s signing keys and logins/)]);
  }, 240_000);
  afterAll(() => plant.end());

  it('knows the fleet file of the plant that runs, and brings it back', async () => {
    const { code, stdout } = await restore(at('plant.tar'), 'second', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ plant: 'Two at home', fleetFile: at('second', 'fleet.yaml') });
    expect(readFileSync(at('second', 'fleet.yaml'))).toEqual(readFileSync(plant.fleetFile));
  });

  it('is refused whole where a byte of it is missing or another', async () => {
    const bytes = statSync(at('plant.tar')).size;
    for (const [name, size] of [
      ['half.tar', bytes >> 1],
      ['nearly.tar', bytes - 1],
      ['none.tar', 0],
    ] as const) {
      copyFileSync(at('plant.tar'), at(name));
      truncateSync(at(name), size);
      expect(await refusal(at(name), 'third')).toEqual([
        2,
        `${at(name)}: is no whole backup of Heliograph: it was cut off, or is another kind of file`,
      ]);
    }
    const whole = readFileSync(at('plant.tar'));
    for (const place of [100, bytes >> 1, bytes - 600]) {
      writeFileSync(at('altered.tar'), whole.with(place, whole[place]! ^ 1));
      expect(await refusal(at('altered.tar'), 'third')).toEqual([
        2,
        `${at('altered.tar')}: is not as it was written (its check sum does not fit); use another copy`,
      ]);
    }
    expect(existsSync(at('third'))).toBe(false);
    expect(readdirSync(plant.folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('is refused where a plant runs, or something is, and with --force moves that aside', async () => {
    expect(await refusal(at('plant.tar'), 'data', '--force')).toEqual([2, expect.stringContaining('is in use by a plant that is running')]);
    mkdirSync(at('filled'));
    writeFileSync(at('filled', 'thesis.txt'), 'all of it');
    expect(await refusal(at('plant.tar'), 'filled')).toEqual([
      2,
      `${at('filled')} is not empty; name a new folder, or move it aside with --force`,
    ]);
    const { code, stdout } = await restore(at('plant.tar'), 'filled', '--force', '--json');
    expect(code).toBe(0);
    const { aside } = JSON.parse(stdout) as { aside: string };
    expect([readdirSync(aside).includes('thesis.txt'), readdirSync(at('filled')).includes('plant.sqlite')]).toEqual([true, true]);
    mkdirSync(at('empty'));
    expect((await restore(at('plant.tar'), 'empty')).code).toBe(0);
  });

  it('is refused by a program that is older', async () => {
    const own = at('newer');
    await restore(at('plant.tar'), 'newer');
    const database = new Database(join(own, 'plant.sqlite'));
    database.prepare('INSERT INTO migrations (timestamp, name) VALUES (?, ?)').run(9_999_999_999_999, 'Tomorrow9999999999999');
    database.close();
    await backUp(at('newer.tar'), own);
    expect(await refusal(at('newer.tar'), 'third')).toEqual([
      2,
      expect.stringMatching(/was written by a newer version .* it knows Tomorrow9999999999999\); update/),
    ]);
  });

  it('is not made over another file, in the plant’s own folder, or of nothing', async () => {
    const { code, stderr } = await runVpp(['backup', at('plant.tar'), '--data', plant.dataDir]);
    expect([code, stderr.trim()]).toEqual([2, `${at('plant.tar')}: is there already; name another file, or take that one away`]);
    const inside = await runVpp(['backup', join(plant.dataDir, 'b.tar'), '--data', plant.dataDir]);
    expect([inside.code, inside.stderr]).toEqual([2, expect.stringContaining('lies in the plant’s own folder')]);
    const nothing = await runVpp(['backup', at('b.tar'), '--data', at('nowhere')]);
    expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining('holds no plant')]);
  });

  it('goes on as the plant that it was', async () => {
    await plant.running.process.end('SIGINT');
    await plant.start(at('second'), at('second', 'fleet.yaml'));
    const { leaves } = await plant.running.get<{ leaves: number }>('/api/proof/status', OPERATOR);
    expect(leaves).toBeGreaterThan(0);
    await plant.running.process.end('SIGINT');
  });
});
