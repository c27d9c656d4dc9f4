import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScriptedServer, unitRegisters } from '../../src/field/testing/scripted-server.js';
import { sunspecRegisters } from '../../src/field/testing/sunspec-registers.js';
import { runVpp, VppProcess } from './vpp-process.js';

describe('a command whose output nobody reads', { timeout: 60_000 }, () => {
  it('ends without a word', async () => {
    const map = sunspecRegisters([{ id: 1, values: { Mn: 'Helios' } }]);
    const hardware = await ScriptedServer.listening({ 1: unitRegisters({ 40_000: map }) });
    const watching = new VppProcess(['device', 'read', `127.0.0.1:${hardware.port}`, '--unit', '1']);
    watching.closeOutput();
    expect(await watching.ended).toEqual({ code: 0, signal: null });
    expect(watching.stderr).toBe('');
    await hardware.close();
  });

  it('also where it is the help', async () => {
    const help = new VppProcess(['--help']);
    help.closeOutput();
    expect(await help.ended).toEqual({ code: 0, signal: null });
    expect(help.stderr).toBe('');
  });
});

describe('a data folder that cannot be written to', { timeout: 60_000 }, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'data', 'supervisor-lock.sqlite'), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    [['user', 'add', 'anna'], 'file/data'],
    [['supervise'], 'file/data'],
    [['supervise'], 'data'],
  ])('is one line and wrong usage: %s in %s', async (words, data) => {
    const { code, stderr } = await runVpp(words, { env: { VPP_DATA_DIR: join(folder, data) }, input: 'correct horse battery\n' });
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(`${join(folder, data)} cannot be written to (`)]);
  });
});
