import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ModbusSerialLink } from './adapters/modbus-serial-link.js';
import { Bus } from './bus.js';
import { scanUnit, type UnitFound } from './commissioning.js';
import { loadProfiles } from './profiles.js';
import { ScriptedServer, unitRegisters } from './testing/scripted-server.js';

const FRAMES = join(import.meta.dirname, '../../hardware/frames');

type Blocks = Record<string, string[]>;
interface Frame {
  readonly profile: string;
  readonly input?: Blocks;
  readonly holding?: Blocks;
}

const words = (lines: readonly string[]): number[] => lines.flatMap((line) => line.split(' ').map((word) => parseInt(word, 16)));
const blocksOf = (blocks: Blocks = {}): Record<number, number[]> =>
  Object.fromEntries(Object.entries(blocks).map(([at, lines]) => [Number(at), words(lines)]));
const frameOf = (file: string): Frame => parse(readFileSync(join(FRAMES, file), 'utf8')) as Frame;

describe('a scan of real register maps', () => {
  const profiles = loadProfiles();
  let server: ScriptedServer;
  let bus: Bus;
  afterEach(async () => {
    await bus.close();
    await server.close();
  });

  const scanned = async (holding: Record<number, number[]>, input: Record<number, number[]> = {}): Promise<UnitFound | undefined> => {
    server = await ScriptedServer.listening({ 1: unitRegisters(holding, input) });
    const address = { host: '127.0.0.1', port: server.port };
    bus = new Bus(new ModbusSerialLink(address));
    return scanUnit(bus.unit(1), profiles, { ...address, unitId: 1 });
  };

  it.each(readdirSync(FRAMES).map((file) => [basename(file, '.yaml'), frameOf(file)] as const))('knows %s', async (_, frame) => {
    const found = await scanned(blocksOf(frame.holding), blocksOf(frame.input));
    expect(found).toMatchObject({ kind: 'register-map', device: { entry: { profile: frame.profile } } });
  });

  it.each([
    ['0', 0],
    ['not available', 0xffff],
  ])('knows a generator that stands, whose frequency is %s', async (_, frequency) => {
    const holding = blocksOf(frameOf('deep-sea-gencomm-stopped.yaml').holding);
    holding[1_027]![4] = frequency;
    expect(await scanned(holding)).toMatchObject({ device: { entry: { role: 'generator', profile: 'deep-sea-gencomm' } } });
  });

  it('takes registers that all read 0 for those of no device in particular', async () => {
    const holding = Object.fromEntries(
      Object.entries(blocksOf(frameOf('deep-sea-gencomm-stopped.yaml').holding)).map(([at, block]) => [at, block.map(() => 0)]),
    );
    expect(await scanned(holding)).toMatchObject({ kind: 'unknown' });
  });
});
