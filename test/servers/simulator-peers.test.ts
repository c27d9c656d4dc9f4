import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningFleet, startFleet, type VirtualSite } from '../../src/simulator/index.js';

/**
 * Two Modbus clients that share no code with this project read the virtual hardware: mbpoll (on libmodbus) and pymodbus.
 * `.ci/run` installs them; the clock stands still, so that all three must see the same numbers.
 */
const run = promisify(execFile);
const PYTHON = '/usr/bin/python3';
const MBPOLL = '/usr/bin/mbpoll';
const JUNE_MORNING_MS = Date.UTC(2024, 5, 3, 9);
const METER = 1;
const INVERTER = 2;

const SITE: VirtualSite = {
  id: 'home',
  seed: 7,
  kind: 'home',
  zone: 'Europe/Berlin',
  latitude: 52.5,
  longitude: 13.4,
  host: '127.0.0.1',
  port: 0,
  load: { kind: 'made-up' },
  meter: { id: 'meter', unitId: METER, map: 'sunspec-203' },
  pv: { id: 'pv', unitId: INVERTER, models: '103', ratedW: 5_000, array: { peakW: 5_400, tiltDeg: 30, azimuthDeg: 180 } },
};

const CHAIN = [1, 103, 120, 121, 122, 123, 0xffff];

const READ_WITH_PYMODBUS = `
import json, sys
from pymodbus.client import ModbusTcpClient
host, port, unit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
client = ModbusTcpClient(host, port=port)
assert client.connect(), "no connection"
def read(address, count):
    answer = client.read_holding_registers(address, count, slave=unit)
    assert not answer.isError(), str(answer)
    return answer.registers
marker = b"".join(word.to_bytes(2, "big") for word in read(40000, 2)).decode()
chain, at, power = [], 40002, None
while True:
    model, length = read(at, 2)
    chain.append(model)
    if model == 0xFFFF:
        break
    if model == 103:
        raw, scale = read(at + 14, 2)
        signed = lambda word: word - 65536 if word > 32767 else word
        power = signed(raw) * 10 ** signed(scale)
    at += 2 + length
print(json.dumps({"marker": marker, "chain": chain, "power": power, "refused": client.read_holding_registers(100, 1, slave=unit).isError()}))
client.close()
`;

let fleet: RunningFleet;
let port: string;

beforeAll(async () => {
  const missing = [MBPOLL, PYTHON].filter((program) => !existsSync(program));
  if (missing.length > 0)
    throw new Error(`${missing.join(' and ')} missing: apt-get install mbpoll python3-pymodbus python3-serial-asyncio`);
  let nowMs = JUNE_MORNING_MS;
  fleet = await startFleet([SITE], { now: () => nowMs, ticks: 'caller' });
  for (let second = 0; second < 20; second += 1) fleet.tick((nowMs += 1_000));
  port = String(fleet.addresses.get('home')!.port);
});
afterAll(() => fleet?.stop());

/** Holding registers by mbpoll, counted from 0. */
const mbpoll = async (address: number, count: number, unitId = INVERTER): Promise<number[]> => {
  const args = [
    '-m',
    'tcp',
    '-p',
    port,
    '-a',
    String(unitId),
    '-0',
    '-r',
    String(address),
    '-c',
    String(count),
    '-t',
    '4:hex',
    '-1',
    '127.0.0.1',
  ];
  const { stdout } = await run(MBPOLL, args, { timeout: 20_000 });
  return [...stdout.matchAll(/^\[\d+\]:\s+0x([0-9A-F]{4})/gim)].map(([, hex]) => parseInt(hex!, 16));
};

describe('mbpoll', () => {
  it('finds the marker, the models and the power of a virtual inverter', async () => {
    expect(await mbpoll(40_000, 2)).toEqual([0x5375, 0x6e53]);
    const chain: number[] = [];
    let powerW: number | undefined;
    for (let at = 40_002; chain.at(-1) !== 0xffff;) {
      const [model, length] = (await mbpoll(at, 2)) as [number, number];
      chain.push(model);
      if (model === 103) powerW = (await mbpoll(at + 14, 1))[0];
      at += 2 + length;
    }
    expect(chain).toEqual(CHAIN);
    expect(powerW).toBe(Math.round(fleet.stateOf('home').powers.pvW!));
    expect(powerW).toBeGreaterThan(100);
  });

  it('reads the power, the currents and the counters of a virtual meter', async () => {
    const at = 40_070;
    expect(await mbpoll(at, 2, METER)).toEqual([203, 105]);
    const words = await mbpoll(at, 107, METER);
    const signed = (offset: number): number => (words[offset]! << 16) >> 16;
    const scaled = (offset: number, scaleAt: number): number => signed(offset) * 10 ** signed(scaleAt);
    const { gridW } = fleet.stateOf('home').powers;
    expect(Math.abs(scaled(18, 22) - gridW!)).toBeLessThanOrEqual(0.5 * 10 ** signed(22));
    const phasesA = [3, 4, 5].map((offset) => scaled(offset, 6));
    const phasesV = [8, 9, 10].map((offset) => scaled(offset, 15));
    const apparentVA = phasesA.reduce((sum, currentA, phase) => sum + Math.abs(currentA) * phasesV[phase]!, 0);
    expect(apparentVA).toBeGreaterThanOrEqual(Math.abs(gridW!) * 0.95);
    const counterWh = (offset: number): number => (words[offset]! * 65_536 + words[offset + 1]!) * 10 ** signed(54);
    expect(counterWh(38) + counterWh(46)).toBeGreaterThan(0);
  });

  it('writes a limit that the inverter then obeys', async () => {
    const heads = await mbpoll(40_002, 2);
    expect(heads).toEqual([1, 66]);
    let at = 40_002;
    for (;;) {
      const [model, length] = (await mbpoll(at, 2)) as [number, number];
      if (model === 123) break;
      at += 2 + length;
    }
    const args = [
      '-m',
      'tcp',
      '-p',
      port,
      '-a',
      String(INVERTER),
      '-0',
      '-r',
      String(at + 5),
      '-t',
      '4',
      '127.0.0.1',
      '1000',
      '0',
      '60',
      '0',
      '1',
    ];
    await run(MBPOLL, args, { timeout: 20_000 });
    fleet.tick(JUNE_MORNING_MS + 40_000);
    expect(fleet.stateOf('home').powers.pvW).toBeLessThan(2_500);
    fleet.tick(JUNE_MORNING_MS + 41_000);
    expect(fleet.stateOf('home').powers.pvW).toBeCloseTo(500, 6);
  });
});

describe('pymodbus', () => {
  it('finds the marker, the models and the power of a virtual inverter', async () => {
    const installed = await run(PYTHON, ['-c', 'import pymodbus']).then(
      () => true,
      () => false,
    );
    expect(installed, 'pymodbus is missing: apt-get install python3-pymodbus python3-serial-asyncio').toBe(true);
    const { stdout } = await run(PYTHON, ['-c', READ_WITH_PYMODBUS, '127.0.0.1', port, String(INVERTER)], { timeout: 20_000 });
    const seen = JSON.parse(stdout) as { marker: string; chain: number[]; power: number; refused: boolean };
    expect(seen).toEqual({ marker: 'SunS', chain: CHAIN, power: Math.round(fleet.stateOf('home').powers.pvW!), refused: true });
  });
});
