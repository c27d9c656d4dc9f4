import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/cli/scenario/scenario-file.js';
import { runScenario } from '../../src/cli/scenario/scenario-run.js';
import type { Decision, DecisionInput } from '../../src/dispatch/decision.js';
import { DecisionLog } from '../../src/dispatch/decision-log.js';
import { loggedCycles, loggedRange, type ReplayedCycle, replayed } from '../../src/dispatch/decision-log-reader.js';
import { loadProfiles, profileNamed } from '../../src/field/profiles.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/kernel/units.js';

const FOLDER = new URL('dispatch', import.meta.url).pathname;
const GENSET = profileNamed(loadProfiles(), 'virtual-genset');
const ROOM = { maxBytes: 1e9, keepMs: DAY_MS };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const filesIn = (): string[] => readdirSync(join(folder, 'decisions')).sort();
const again = async (fromMs = -Infinity, toMs = Infinity): Promise<ReplayedCycle[]> => {
  const cycles: ReplayedCycle[] = [];
  for await (const cycle of loggedCycles(folder, fromMs, toMs)) cycles.push(replayed(cycle));
  return cycles;
};
const logOf = async (name: string, limits = ROOM): Promise<{ log: DecisionLog; made: [number, Decision][]; last: DecisionInput }> => {
  const log = new DecisionLog();
  log.rememberIn(folder, limits);
  const made: [number, Decision][] = [];
  let last: DecisionInput | undefined;
  runScenario(parseScenario(name, readFileSync(join(FOLDER, name), 'utf8')), GENSET, false, (input, decision) => {
    log.note(input, decision);
    made.push([input.atMs, decision]);
    last = input;
  });
  await log.beforeApplicationShutdown();
  return { log, made, last: last! };
};

describe('the log of decisions', () => {
  it.each(readdirSync(FOLDER).filter((name) => /event|generator|charger|silent|fleet/.test(name) && name.endsWith('.yaml')))(
    'has all that each decision of %s rested on',
    async (name) => {
      const { made } = await logOf(name);
      const cycles = await again();
      expect(cycles.map(({ atMs }) => atMs)).toEqual(made.map(([atMs]) => atMs));
      expect(cycles.filter(({ otherwise }) => otherwise.length > 0)).toEqual([]);
      expect(cycles.map(({ decided }) => decided.length)).toEqual(made.map(([, { devices }]) => devices.length));
    },
  );

  it('tells what is decided otherwise now', async () => {
    await logOf('inverter-lost-in-mid-event.yaml');
    const [cycle] = await toArray(loggedCycles(folder, -Infinity, Infinity));
    const name = [...cycle!.entries.keys()].find((key) => key.startsWith('decided/'))!;
    const other = { ...(JSON.parse(cycle!.entries.get(name)!) as object), reason: 'by other rules' };
    const { otherwise } = replayed({ ...cycle!, entries: new Map([...cycle!.entries, [name, JSON.stringify(other)]]) });
    expect(otherwise).toMatchObject([
      { before: { reason: 'by other rules' }, now: { reason: expect.not.stringContaining('other rules') } },
    ]);
  });

  it('is read as earlier versions wrote it, with the fields of an object for pairs', async () => {
    const { made } = await logOf('inverter-lost-in-mid-event.yaml');
    const open = join(
      folder,
      'decisions',
      filesIn().find((name) => name.endsWith('.jsonl'))!,
    );
    const [head, ...lines] = readFileSync(open, 'utf8').trimEnd().split('\n');
    const earlier = lines.map((line) => {
      const { set, ...others } = JSON.parse(line) as { set: [string, unknown][] };
      return JSON.stringify({ ...others, set: Object.fromEntries(set) });
    });
    writeFileSync(open, `${[head, ...earlier].join('\n')}\n`);
    const cycles = await again();
    expect(cycles.map(({ atMs }) => atMs)).toEqual(made.map(([atMs]) => atMs));
    expect(cycles.filter(({ otherwise }) => otherwise.length > 0)).toEqual([]);
  });

  it('goes on after a plant that died in the middle of a line, and compresses what that left', async () => {
    const { made, last } = await logOf('inverter-lost-in-mid-event.yaml');
    const open = filesIn().find((name) => name.endsWith('.jsonl'))!;
    appendFileSync(join(folder, 'decisions', open), '{"atMs":17');
    const log = new DecisionLog();
    log.rememberIn(folder, ROOM);
    log.note({ ...last, atMs: last.atMs + HOUR_MS }, made.at(-1)![1]);
    await log.beforeApplicationShutdown();
    expect(filesIn().filter((name) => name.endsWith('.jsonl'))).toHaveLength(1);
    expect((await again()).map(({ atMs }) => atMs)).toEqual([...made.map(([atMs]) => atMs), last.atMs + HOUR_MS]);
    expect(await loggedRange(folder)).toEqual({ firstMs: made[0]![0], lastMs: last.atMs + HOUR_MS });
  });

  it('finds a stretch over its files, and gives up the oldest', async () => {
    const { log, made, last } = await logOf('inverter-lost-in-mid-event.yaml');
    const [, decision] = made.at(-1)!;
    for (let hours = 1; hours <= 30; hours += 1) log.note({ ...last, atMs: last.atMs + hours * HOUR_MS }, decision);
    await log.beforeApplicationShutdown();
    const stretch = await again(last.atMs + 20 * HOUR_MS, last.atMs + 22 * HOUR_MS);
    expect(stretch.map(({ atMs }) => (atMs - last.atMs) / HOUR_MS)).toEqual([20, 21, 22]);
    const { firstMs } = (await loggedRange(folder))!;
    expect(firstMs).toBeGreaterThan(made.at(-1)![0]);
    expect(firstMs).toBeLessThanOrEqual(last.atMs + 30 * HOUR_MS - DAY_MS);
    const small = new DecisionLog();
    small.rememberIn(folder, { ...ROOM, maxBytes: 1 });
    small.note({ ...last, atMs: last.atMs + 31 * HOUR_MS }, decision);
    await small.beforeApplicationShutdown();
    expect(filesIn()).toHaveLength(1);
  });

  it('goes on in another file when the clock is set back, and gives up neither that nor what it had', async () => {
    const { log, made, last } = await logOf('inverter-lost-in-mid-event.yaml');
    const decision = made.at(-1)![1];
    const nowMs = last.atMs + HOUR_MS;
    const note = (atMs: number): void => log.note({ ...last, atMs }, decision);
    for (let minutes = 0; minutes <= 6; minutes += 1) note(nowMs + minutes * MINUTE_MS);
    for (let minutes = 0; minutes <= 6; minutes += 1) note(nowMs + (minutes - 3) * MINUTE_MS + 1);
    await log.beforeApplicationShutdown();
    const stretch = await again(nowMs + 2 * MINUTE_MS, nowMs + 4 * MINUTE_MS);
    expect(stretch.map(({ atMs }) => atMs - nowMs)).toEqual([120_001, 180_001, 120_000, 180_000, 240_000]);
    note(nowMs - HOUR_MS / 2);
    note(nowMs - HOUR_MS / 2 + MINUTE_MS);
    await log.beforeApplicationShutdown();
    const last2 = await again(nowMs - HOUR_MS / 2, nowMs - HOUR_MS / 4);
    expect(last2.map(({ atMs }) => atMs - nowMs)).toEqual([-HOUR_MS / 2, -HOUR_MS / 2 + MINUTE_MS]);
    expect(await loggedRange(folder)).toEqual({ firstMs: made[0]![0], lastMs: nowMs + 6 * MINUTE_MS });
  });

  it('writes on where the clock was set back and there is room for one file only, and gives up what lies days ahead', async () => {
    const { made, last } = await logOf('inverter-lost-in-mid-event.yaml');
    const decision = made.at(-1)![1];
    const small = new DecisionLog();
    small.rememberIn(folder, { ...ROOM, maxBytes: 1 });
    small.note({ ...last, atMs: last.atMs - HOUR_MS }, decision);
    small.note({ ...last, atMs: last.atMs - HOUR_MS + 1_000 }, decision);
    await small.beforeApplicationShutdown();
    expect((await again()).map(({ atMs }) => atMs)).toEqual([last.atMs - HOUR_MS, last.atMs - HOUR_MS + 1_000]);
    const wide = new DecisionLog();
    wide.rememberIn(folder, ROOM);
    wide.note({ ...last, atMs: last.atMs - 3 * DAY_MS }, decision);
    await wide.beforeApplicationShutdown();
    expect((await again()).map(({ atMs }) => atMs)).toEqual([last.atMs - 3 * DAY_MS]);
  });

  it('keeps apart what begins in the same moment, by the next plant on a clock that was set back or by itself', async () => {
    const { log, made, last } = await logOf('inverter-lost-in-mid-event.yaml');
    const [firstMs, decision] = made[0]!;
    const next = new DecisionLog();
    next.rememberIn(folder, ROOM);
    next.note({ ...last, atMs: firstMs }, decision);
    next.note({ ...last, atMs: firstMs, plant: { ...last.plant } }, decision);
    await Promise.all([log, next].map((each) => each.beforeApplicationShutdown()));
    const moments = made.map(([atMs]) => atMs);
    expect((await again()).map(({ atMs }) => atMs).toSorted((a, b) => a - b)).toEqual([firstMs, firstMs, ...moments]);
    const counted = filesIn().filter((name) => name.includes('_'));
    expect(counted).toEqual([expect.stringMatching(/_1\.jsonl\.gz$/), expect.stringMatching(/_2\.jsonl$/)]);
  });

  it('keeps nothing where it has no room, and disturbs nobody where it cannot write', async () => {
    const { made } = await logOf('inverter-lost-in-mid-event.yaml', { ...ROOM, maxBytes: 0 });
    expect(made.length).toBeGreaterThan(10);
    expect(await loggedRange(folder)).toBeUndefined();
    appendFileSync(join(folder, 'decisions'), 'a file where a folder is to be');
    await expect(logOf('inverter-lost-in-mid-event.yaml')).resolves.toMatchObject({ made: expect.any(Array) });
  });
});

const toArray = async <T>(all: AsyncIterable<T>): Promise<T[]> => {
  const items: T[] = [];
  for await (const item of all) items.push(item);
  return items;
};
