import { describe, expect, it } from 'vitest';
import { AdapterError } from '../kernel/errors.js';
import { ModbusException } from './modbus-link.port.js';
import { type HoldingReader, isSameDevice, walkSunspec } from './sunspec-walk.js';
import { type ModelValues, sunspecRegisters } from './testing/sunspec-registers.js';

const MODELS: ModelValues[] = [
  { id: 1, values: { Mn: 'Helios', Md: 'H5', Vr: '1.2', SN: 'A-17' } },
  { id: 103, values: { W: 100, W_SF: 0 } },
  { id: 123, values: {} },
];

/** A device whose registers are `words` from `base` on, and nothing else. */
const deviceAt = (base: number, words: readonly number[], code = 2): HoldingReader & { reads: number } => {
  const reader = Object.assign(
    async (address: number, count: number) => {
      reader.reads += 1;
      if (address < base || address + count > base + words.length) throw new ModbusException(code, 'unit 1');
      return words.slice(address - base, address - base + count);
    },
    { reads: 0 },
  );
  return reader;
};

describe('the walk of a SunSpec map', () => {
  it.each([40_000, 0, 50_000])('finds the map at %i and follows it to its end', async (base) => {
    const map = await walkSunspec(deviceAt(base, sunspecRegisters(MODELS)));
    expect(map).toMatchObject({
      baseAddress: base,
      endMarked: true,
      identity: { manufacturer: 'Helios', model: 'H5', version: '1.2', serial: 'A-17' },
      models: [
        { id: 1, at: base + 2, length: 66 },
        { id: 103, at: base + 70, length: 50 },
        { id: 123, at: base + 122, length: 24 },
      ],
    });
  });

  it('looks at a base that is known, and at no other', async () => {
    const device = deviceAt(1_000, sunspecRegisters(MODELS));
    expect(await walkSunspec(device)).toBeUndefined();
    expect(await walkSunspec(device, 1_000)).toMatchObject({ baseAddress: 1_000, endMarked: true });
    const usual = deviceAt(40_000, sunspecRegisters(MODELS));
    expect(await walkSunspec(usual, 1_000)).toBeUndefined();
    expect(usual.reads).toBe(1);
  });

  it('takes the end of the registers for the end of the map', async () => {
    const map = await walkSunspec(deviceAt(40_000, sunspecRegisters(MODELS, [])));
    expect(map).toMatchObject({ endMarked: false, models: [{ id: 1 }, { id: 103 }, { id: 123 }] });
  });

  it('steps over models that nobody knows, by their length', async () => {
    const words = sunspecRegisters(MODELS, [64_001, 3, 9, 9, 9, 0xffff, 0]);
    const map = await walkSunspec(deviceAt(40_000, words));
    expect(map!.models.at(-1)).toEqual({ id: 64_001, at: 40_148, length: 3 });
  });

  it('comes to an end on a chain that has none', async () => {
    const map = await walkSunspec(async (address, count) =>
      address === 40_000 ? [0x5375, 0x6e53, 1, 0].slice(0, count) : Array.from({ length: count }, () => 0),
    );
    expect(map!.models.length).toBeLessThanOrEqual(200);
  });

  it('finds none where there is none', async () => {
    expect(await walkSunspec(deviceAt(100, [1, 2, 3]))).toBeUndefined();
    expect(await walkSunspec(deviceAt(100, [1, 2, 3], 1))).toBeUndefined();
  });

  it.each([4, 6, 11])('does not take a device that fails (exception %i) for one without a map', async (code) => {
    await expect(walkSunspec(deviceAt(100, [1, 2, 3], code))).rejects.toThrow(AdapterError);
  });

  it('knows the device again, and another one in its place, by one request', async () => {
    const reader = deviceAt(40_000, sunspecRegisters(MODELS));
    const map = (await walkSunspec(reader))!;
    reader.reads = 0;
    expect(await isSameDevice(reader, map)).toBe(true);
    expect(reader.reads).toBe(1);
    const other = [{ ...MODELS[0]!, values: { ...MODELS[0]!.values, SN: 'A-18' } }, ...MODELS.slice(1)];
    expect(await isSameDevice(deviceAt(40_000, sunspecRegisters(other)), map)).toBe(false);
  });
});
