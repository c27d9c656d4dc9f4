import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScriptedServer, type UnitRegisters, unitRegisters } from '../../src/field/testing/scripted-server.js';
import { genset } from '../../src/field/testing/told-devices.js';
import { runVpp, VppProcess } from './vpp-process.js';

const [MODE, POWER] = [47_511, 47_512];
const [AUTOMATIC, CHARGING] = [1, 11];
const [ENGINE, COOLING, RUNNING] = [1_408, 4, 3];
const STOP_KEY = 35_733;

describe('vpp device command, on a device that would keep it for ever', { timeout: 120_000 }, () => {
  let folder: string;
  let hardware: ScriptedServer;
  let goodwe: UnitRegisters;
  let engine: UnitRegisters;
  const env = (): Record<string, string> => ({ VPP_DATA_DIR: folder, VPP_LOG_LEVEL: 'warn' });
  const words = (...more: string[]): string[] => ['device', 'command', `127.0.0.1:${hardware.port}`, ...more];
  const charge = (forS: string): string[] => words('--unit', '247', '--profile', 'goodwe-et', '--battery=-3000W', '--for', forS);
  const charging = (): Promise<void> => vi.waitFor(() => expect(goodwe.holding.get(MODE)).toBe(CHARGING), { timeout: 20_000 });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    goodwe = unitRegisters({ [MODE]: [AUTOMATIC], [POWER]: [0] });
    engine = genset();
    hardware = await ScriptedServer.listening({ 247: goodwe, 10: engine });
  });
  afterEach(async () => {
    await hardware.close();
    rmSync(folder, { recursive: true });
  });

  it('stays for as long as it is to be held, and ends it', async () => {
    const running = new VppProcess([...charge('2s'), '--json'], env());
    await charging();
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(goodwe.holding.get(MODE)).toBe(AUTOMATIC);
    const told = JSON.parse(running.stdout) as { heldMs: number };
    expect(told).toMatchObject({ kind: 'confirmed', released: true });
    expect(told.heldMs).toBeGreaterThanOrEqual(2_000);
    expect(running.stderr).toContain('nothing on the device ends this: it is released after 2 s, and on Ctrl-C; no supervisor runs');
  });

  it('ends it whatever stops the command', async () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const running = new VppProcess(charge('10m'), env());
      await charging();
      expect(await running.end(signal)).toEqual({ code: 0, signal: null });
      expect(goodwe.holding.get(MODE)).toBe(AUTOMATIC);
      expect(running.stdout).toMatch(/^confirmed by reading back; released after \d\.\d s\n$/);
    }
  });

  it('has the supervisor end it where the command is killed', async () => {
    const supervisor = new VppProcess(['supervise', '--json'], env());
    await supervisor.firstLine();
    const running = new VppProcess(charge('1s'), env());
    await charging();
    await running.end('SIGKILL');
    expect(goodwe.holding.get(MODE)).toBe(CHARGING);
    await vi.waitFor(() => expect(goodwe.holding.get(MODE)).toBe(AUTOMATIC), { timeout: 30_000 });
    await supervisor.end('SIGTERM');
  });

  it('waits for an engine until its return delay is over', async () => {
    const starts = engine.onWrite!;
    engine.onWrite = (at, keys) => {
      if (keys[0] !== STOP_KEY) return starts(at, keys);
      if (engine.holding.get(ENGINE) !== COOLING) setTimeout(() => engine.holding.set(ENGINE, COOLING), 5_000);
      return engine.holding.set(ENGINE, RUNNING);
    };
    const run = words('--unit', '10', '--profile', 'deep-sea-gencomm', '--generator', '8kW', '--for', '1s');
    const { code, stdout, stderr } = await runVpp(run, { env: env() });
    expect([code, engine.holding.get(ENGINE)]).toEqual([0, COOLING]);
    expect(stdout).toMatch(/^confirmed by reading back; released after \d+\.\d s\n$/);
    expect(stderr).toContain('the device does not show yet that it let go');
  });
});
