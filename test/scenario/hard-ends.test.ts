import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScriptedServer, unitRegisters } from '../../src/field/testing/scripted-server.js';
import { sunspecRegisters } from '../../src/field/testing/sunspec-registers.js';
import { freePort } from './free-port.js';
import { runVpp, VppProcess } from './vpp-process.js';

const fleet = (port: number): string => `name: One roof
zone: Europe/Berlin
currency: EUR
tariff: { import: { pricePerKwh: 0.3 }, export: 0.08 }
households: [{ id: anna, name: Anna }]
sites:
  - id: home
    name: Home
    household: anna
    importLimitW: 15000
    exportLimitW: 10000
    devices:
      - { id: meter, name: Meter, role: grid-meter, modbus: { host: 127.0.0.1, port: ${port}, unitId: 1 }, ratedW: 15000 }
      - { id: roof, name: Roof, role: pv, modbus: { host: 127.0.0.1, port: ${port}, unitId: 2 }, ratedW: 5000 }
`;

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

it('virtual hardware that is stopped hands nothing back, and does not say so', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
  const file = join(folder, 'fleet.yaml');
  writeFileSync(file, fleet(await freePort()));
  const hardware = new VppProcess(['simulate', '--fleet', file]);
  await hardware.firstLine();
  expect(await hardware.end('SIGINT')).toEqual({ code: 0, signal: null });
  expect(hardware.stderr).toBe('Switching the virtual hardware off …\n');
  rmSync(folder, { recursive: true });
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
