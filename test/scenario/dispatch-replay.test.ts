import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/cli/scenario/scenario-file.js';
import { runScenario } from '../../src/cli/scenario/scenario-run.js';
import { DecisionLog } from '../../src/dispatch/decision-log.js';
import { loadProfiles, profileNamed } from '../../src/field/profiles.js';
import { DAY_MS } from '../../src/kernel/units.js';
import { runVpp } from './vpp-process.js';

const SCENARIO = new URL('dispatch/inverter-lost-in-mid-event.yaml', import.meta.url).pathname;

describe('vpp dispatch replay', () => {
  let folder: string;
  let lastMs: number;
  const replay = (...args: readonly string[]) => runVpp(['dispatch', 'replay', '--data', folder, ...args]);
  const iso = (atMs: number): string => new Date(atMs).toISOString();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    const log = new DecisionLog();
    log.rememberIn(folder, { maxBytes: 1e9, keepMs: DAY_MS });
    runScenario(
      parseScenario('lost', readFileSync(SCENARIO, 'utf8')),
      profileNamed(loadProfiles(), 'virtual-genset'),
      false,
      (input, decision) => {
        log.note(input, decision);
        lastMs = input.atMs;
      },
    );
    await log.beforeApplicationShutdown();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('tells of a moment what every control was told, by whom and why', async () => {
    const { code, stdout } = await replay('--at', iso(lastMs));
    expect(stdout).toMatch(/^\S+Z: \d+ controls, decided the same again\n/);
    expect(stdout).toMatch(/battery-power: .* by event:\S+, delivers to/);
    expect(code).toBe(0);
  });

  it('tells of a device each change of what it was told, and machines all of it', async () => {
    const { stdout } = await replay('--at', iso(lastMs), '--json');
    const [{ atMs, same, decided }] = JSON.parse(stdout) as [{ atMs: number; same: boolean; decided: { deviceId: string }[] }];
    expect([atMs, same]).toEqual([lastMs, true]);
    const { stdout: told } = await replay('--from', iso(lastMs - DAY_MS), '--device', decided.at(-1)!.deviceId);
    expect(told.trim().split('\n').length).toBeGreaterThan(3);
    expect(told).toMatch(/cycles decided again, all the same\n$/);
  });

  it('tells what is decided otherwise now, and exits with 1', async () => {
    const other = mkdtempSync(join(tmpdir(), 'heliograph-'));
    cpSync(folder, other, { recursive: true });
    const name = readdirSync(join(other, 'decisions')).find((one) => one.endsWith('.jsonl'));
    const file = join(other, 'decisions', name!);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('delivers to', 'gives to'));
    const { code, stdout } = await runVpp(['dispatch', 'replay', '--data', other, '--from', iso(lastMs - DAY_MS)]);
    rmSync(other, { recursive: true });
    expect(stdout).toMatch(/then battery-power: .*gives to.*\n +now +battery-power: .*delivers to/);
    expect(stdout).toMatch(/\n\d+ cycles decided again, \d+ otherwise\n$/);
    expect(code).toBe(1);
  });

  it.each([
    [['--at', '2026-06-17'], 2, 'write a date-time with its offset'],
    [[], 2, 'name a moment with --at, or a stretch with --from and --to'],
    [['--at', '2026-06-01T18:00:00Z', '--to', '2026-06-01T18:00:00Z'], 2, '--to goes with --from'],
    [['--from', '2026-06-01T18:00:00Z', '--to', '2026-06-01T17:00:00Z'], 2, 'lies before --from'],
    [['--from', '2030-01-01T00:00:00Z'], 2, 'the log ends at'],
    [['--at', '2030-01-01T00:00:00Z'], 1, 'nothing was decided then: on record in'],
    [['--from', '2026-06-01T00:00:00Z', '--device', 'nobody'], 2, 'had no device of that id'],
    [['--at', '2026-06-01T18:00:00Z', '--data', '/nowhere'], 2, 'no decisions are on record there'],
  ])('says of %j with %i what is wrong', async (args, exit, words) => {
    const { code, stderr } = await replay(...args);
    expect(stderr).toContain(words);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(exit);
  });
});
