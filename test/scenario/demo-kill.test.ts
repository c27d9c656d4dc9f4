import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FleetState } from '../../src/simulator/index.js';
import { WireClient } from '../../src/simulator/wire.fixture.js';
import { verifyBundle } from '../../src/proof/verifier.js';
import { lost, lostRows, type Stored, storedIn } from './plant-files.js';
import { type PlantInfo, RunningPlant } from './running-plant.js';
import { runVpp } from './vpp-process.js';

const DAY_MS = 86_400_000;
/** Beyond what passed while nobody looked: the clock goes on from the last moment on record, a few seconds further. */
const CLOCK_JUMP_MS = 10_000;

interface ProofRow {
  readonly leafIndex: number;
  readonly anchor?: { readonly slot: number };
}

const processesUnder = (pid: number): number[] => {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number);
};

const isRunning = (pid: number): boolean => {
  try {
    // A process that ended and was not yet asked about is over as well.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

it('a demo that is killed while it lives through its past leaves no process behind', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
  const demo = await RunningPlant.demo(folder);
  const children = processesUnder(demo.process.pid);
  expect(children.length).toBeGreaterThan(0);
  await demo.process.end('SIGKILL');
  await expect.poll(() => children.filter(isRunning)).toEqual([]);
  rmSync(folder, { recursive: true });
});

/** One plant, killed at three moments, each time started again on its folder. */
describe('a demo that is killed', () => {
  let folder: string;
  let plant: RunningPlant;
  let startedAtMs: number;
  let bundleFile: string;
  let leafIndex: number;
  const stored = (): Stored => storedIn(folder, startedAtMs - DAY_MS);
  const filled = (days: number): Promise<PlantInfo> => plant.until<PlantInfo>('/api/plant', ({ history }) => history.daysDone >= days);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    plant = await RunningPlant.demo(folder);
    startedAtMs = (JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')) as { startMs: number }).startMs;
    const home = plant.household('home-04');
    const proofs = await plant.until<ProofRow[]>('/api/me/proofs', (rows) => rows.some(({ anchor }) => anchor), home);
    leafIndex = proofs.find(({ anchor }) => anchor)!.leafIndex;
    bundleFile = join(folder, 'bundle.json');
    writeFileSync(bundleFile, await plant.text(`/api/me/proofs/${leafIndex}`, home));
  }, 180_000);
  afterAll(async () => {
    await plant?.process.end('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('has hardware that keeps what it was told, however soon the kill comes', async () => {
    const client = await WireClient.connect(plant.greeting.modbus.find(({ siteId }) => siteId === 'home-01')!);
    const limit = await client.addressOf(2, 123, 'WMaxLimPct');
    // Nobody is ruled by a limit that is not enabled.
    await client.writeOne(2, limit, 7_654);
    await client.holding(2, limit, 1);
    const { sites } = JSON.parse(readFileSync(join(folder, 'hardware.json'), 'utf8')) as FleetState;
    const { controls } = sites.find(({ siteId }) => siteId === 'home-01')!;
    expect(controls['home-01-pv']!.values['123.WMaxLimPct']).toBe(76.54);
  });

  describe.each([
    ['while history begins to fill in', 3],
    ['while past events are being settled', 18],
    ['once history is whole', Infinity],
  ])('%s', (_, days) => {
    let before: Stored;
    let after: Stored;
    let clockBefore: { nowMs: number; realMs: number };
    let clockAfter: { nowMs: number; realMs: number };
    let children: number[];

    beforeAll(async () => {
      const { history } = await plant.plant();
      await filled(Math.min(days, history.daysTotal));
      children = processesUnder(plant.process.pid);
      clockBefore = { nowMs: (await plant.plant()).nowMs, realMs: performance.now() };
      // What can be read in the files was acknowledged.
      before = stored();
      expect(await plant.process.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
      plant = await RunningPlant.demo(folder);
      clockAfter = { nowMs: (await plant.plant()).nowMs, realMs: performance.now() };
      // Something new has been recorded and anchored: a past day, or the first interval that closes after the start.
      await plant.until<{ leaves: number; anchoredLeaves: number }>(
        '/api/proof/status',
        ({ leaves, anchoredLeaves }) => leaves > before.leaves.length && anchoredLeaves > before.leaves.length,
      );
      after = stored();
    }, 400_000);

    it('goes on with its clock where it stopped', () => {
      expect(clockAfter.nowMs).toBeGreaterThanOrEqual(clockBefore.nowMs);
      expect(clockAfter.nowMs - clockBefore.nowMs).toBeLessThan(CLOCK_JUMP_MS + (clockAfter.realMs - clockBefore.realMs));
    });

    it('loses no reading that was stored', () => {
      expect(before.readings.size).toBeGreaterThan(5_000);
      expect(lost(before.readings, after.readings)).toEqual([]);
      expect(after.readings.size).toBeGreaterThan(before.readings.size);
    });

    it('keeps its intervals, records none twice, and leaves none out', () => {
      expect(lost(before.intervalRows, after.intervalRows)).toEqual([]);
      const overlaps = after.intervals.filter((interval, i) => {
        const next = after.intervals[i + 1];
        return next?.device_id === interval.device_id && next.flow === interval.flow && next.start_ms < interval.end_ms;
      });
      expect(overlaps).toEqual([]);
      const live = after.intervals.filter(({ start_ms }) => start_ms >= startedAtMs);
      const holes = live.filter((interval, i) => {
        const next = live[i + 1];
        return next?.device_id === interval.device_id && next.flow === interval.flow && next.start_ms > interval.end_ms;
      });
      expect(holes).toEqual([]);
    });

    it('has every leaf once, in the place it had, and anchors that go on from one another', () => {
      expect(after.leaves.map(({ leaf_index }) => leaf_index)).toEqual(after.leaves.map((_leaf, i) => i));
      expect(after.leaves.slice(0, before.leaves.length)).toEqual(before.leaves);
      expect(after.leaves.length).toBeGreaterThan(before.leaves.length);
      expect(after.anchors.map(({ id, previous_size }) => [id, previous_size])).toEqual(
        after.anchors.map((_anchor, i) => [i, after.anchors[i - 1]?.tree_size ?? 0]),
      );
      expect(new Set(after.anchors.map(({ tree_size }) => tree_size)).size).toBe(after.anchors.length);
      expect(after.anchors.slice(0, before.anchors.length).map(({ memo }) => memo)).toEqual(before.anchors.map(({ memo }) => memo));
    });

    it('pays nothing twice', () => {
      expect(lostRows(before.eventResults, after.eventResults)).toEqual([]);
      expect(lostRows(before.statements, after.statements)).toEqual([]);
      const stated = after.statements.map(({ household_id, date, lines }) => {
        const events = (JSON.parse(lines) as { kind: string; amountMicro: number }[]).filter(({ kind }) => kind === 'event');
        return [household_id, date, events.reduce((sum, { amountMicro }) => sum + amountMicro, 0)];
      });
      const earned = after.statements.map(({ household_id, date }) => {
        const results = after.eventResults.filter((result) => result.household_id === household_id && result.pay_date === date);
        return [household_id, date, results.reduce((sum, { amount_micro }) => sum + amount_micro, 0)];
      });
      expect(stated).toEqual(earned);
    });

    it('leaves no process behind', async () => {
      await expect.poll(() => children.filter(isRunning)).toEqual([]);
    });

    it('hands out the same proof as before, and its ledger still has the anchor', { timeout: 60_000 }, async () => {
      const text = await plant.text(`/api/me/proofs/${leafIndex}`, plant.household('home-04'));
      expect(JSON.parse(text)).toMatchObject({ record: (JSON.parse(readFileSync(bundleFile, 'utf8')) as { record: unknown }).record });
      const { rpcUrl } = await plant.get<{ rpcUrl: string }>('/api/proof/status');
      const { code, stdout } = await runVpp(['proof', 'verify', bundleFile, '--rpc', rpcUrl]);
      expect(stdout).toMatch(/passed +landed/);
      expect(code).toBe(0);
    });
  });

  it(
    'has filled in all of its history, paid its events and taken none of it for a changed meter or a stranger',
    { timeout: 300_000 },
    async () => {
      const { history } = await plant.plant();
      await filled(history.daysTotal);
      const { eventResults, statements, intervals } = stored();
      expect(new Set(eventResults.map(({ event_id }) => event_id)).size).toBeGreaterThan(3);
      expect(new Set(statements.map(({ date }) => date)).size).toBeGreaterThanOrEqual(28);
      expect(intervals[0]!.start_ms).toBeLessThanOrEqual(startedAtMs - 29 * DAY_MS);
      const alarms = await plant.get<{ message: string; subject: string }[]>('/api/alarms');
      expect(alarms.filter(({ message }) => /counter|rebase|somebody else/i.test(message))).toEqual([]);
    },
  );

  it('has all of its decisions on record, and decides them the same again', { timeout: 120_000 }, async () => {
    const from = new Date(startedAtMs).toISOString();
    const { code, stdout } = await runVpp(['dispatch', 'replay', '--from', from, '--device', 'home-01-battery', '--data', folder]);
    expect(stdout).toMatch(/battery-power: .*EV-\d{4}/);
    expect(stdout).toMatch(/\n[1-9]\d+ cycles decided again, all the same\n$/);
    expect(code).toBe(0);
  });

  describe('vpp proof verify', () => {
    it('passes what a household downloaded', { timeout: 60_000 }, async () => {
      const { code, stdout } = await runVpp(['proof', 'verify', bundleFile]);
      expect(stdout).toMatch(/every check passed/);
      expect(code).toBe(0);
    });

    it('fails it with any one byte changed', { timeout: 120_000 }, async () => {
      const bytes = new Uint8Array(readFileSync(bundleFile));
      expect(verifyBundle(bytes, {}).ok).toBe(true);
      const places = Array.from({ length: 200 }, (_, i) => Math.round((i * (bytes.length - 1)) / 199));
      const accepted = places.filter((at) =>
        [1, 0x20, 0x80].some((bit) => {
          const changed = bytes.slice();
          changed[at] = changed[at]! ^ bit;
          return verifyBundle(changed, {}).ok;
        }),
      );
      expect(accepted).toEqual([]);
      for (const at of [0, places[77]!, bytes.length - 1]) {
        const changed = bytes.slice();
        changed[at] = changed[at]! ^ 1;
        writeFileSync(join(folder, 'changed.json'), changed);
        const { code, stdout } = await runVpp(['proof', 'verify', join(folder, 'changed.json')]);
        expect({ code, failed: stdout.includes('FAILED') }, `byte ${at}`).toEqual({ code: 1, failed: true });
      }
    });

    it('says in one line that a file is not there', { timeout: 60_000 }, async () => {
      const { code, stdout, stderr } = await runVpp(['proof', 'verify', join(folder, 'nowhere.json')]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^[^\n]*nowhere\.json: can not be read[^\n]*\n$/);
    });
  });

  it('stops on Ctrl-C within five seconds, with everything handed back', { timeout: 60_000 }, async () => {
    const beganAt = performance.now();
    expect(await plant.process.end('SIGINT')).toEqual({ code: 0, signal: null });
    expect(performance.now() - beganAt).toBeLessThan(5_000);
    expect(plant.process.stderr).not.toMatch(/"level":[56]0|Not everything/);
  });
});
