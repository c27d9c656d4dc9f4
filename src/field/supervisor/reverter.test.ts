import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pointOf } from '../../registers/sunspec/model.js';
import { SUNSPEC_MODELS } from '../../registers/sunspec/models.js';
import { monotonicMs } from '../../platform/clock.js';
import { ModbusSerialLinks } from '../adapters/modbus-serial-link.js';
import { ScriptedServer, type UnitRegisters, unitRegisters } from '../testing/scripted-server.js';
import { keba } from '../testing/told-devices.js';
import { modelAddresses, type ModelValues, sunspecRegisters } from '../testing/sunspec-registers.js';
import { Reverter } from './reverter.js';
import type { SupervisedLease } from './supervised-lease.js';

const [SWITCH, LIMIT] = [13_088, 13_089];
const [OFF, ON] = [0x55, 0xaa];
/** In tenths of a percent of 10 kW. */
const [OURS, THEIRS, FALLBACK] = [600, 0, 300];
const OUR_LIMIT = `registers ${LIMIT} = ${OURS}, ${SWITCH} = ${ON}`;
const fallback = { kind: 'pv-limit', maxW: 3_000 } as const;

describe('a lease that the plant does not renew', () => {
  let hardware: ScriptedServer;
  let sungrow: UnitRegisters;
  let reverter: Reverter;
  const lease = (changes: Partial<SupervisedLease> = {}): SupervisedLease => ({
    deviceId: 'sungrow',
    control: 'pv-limit',
    profile: 'sungrow-sh',
    address: { host: '127.0.0.1', port: hardware.port, framing: 'tcp', unitId: 1 },
    ...changes,
  });
  const stands = (): (number | undefined)[] => [SWITCH, LIMIT].map((at) => sungrow.holding.get(at));
  const writes = () => hardware.requests.filter(({ functionCode }) => functionCode === 16);

  beforeEach(async () => {
    sungrow = unitRegisters({ [SWITCH]: [ON, OURS] }, { 5000: [100] });
    hardware = await ScriptedServer.listening({ 1: sungrow });
    reverter = new Reverter(new ModbusSerialLinks());
  });
  afterEach(() => hardware.close());

  it('goes over to what its site owes, or ends, while the device shows ours', async () => {
    expect(await reverter.end(lease({ shown: OUR_LIMIT, fallback }))).toEqual({ kind: 'ended' });
    expect(stands()).toEqual([ON, FALLBACK]);
    sungrow.holding.set(LIMIT, OURS);
    expect(await reverter.end(lease({ shown: OUR_LIMIT }))).toEqual({ kind: 'ended' });
    expect(stands()).toEqual([OFF, 1_000]);
  });

  it.each([
    ['with a fallback that is looser', { fallback }],
    ['without a fallback', {}],
  ])('leaves the limit that somebody else has set meanwhile, %s', async (_, changes) => {
    sungrow.holding.set(LIMIT, THEIRS);
    const left = await reverter.end(lease({ shown: OUR_LIMIT, ...changes }));
    expect(left).toEqual({ kind: 'left', shows: `registers ${LIMIT} = ${THEIRS}, ${SWITCH} = ${ON}` });
    expect(stands()).toEqual([ON, THEIRS]);
    expect(writes()).toEqual([]);
  });

  it('writes nothing to a device that let go of ours already, unless its site owes a limit', async () => {
    sungrow.holding.set(SWITCH, OFF);
    expect(await reverter.end(lease({ shown: OUR_LIMIT }))).toEqual({ kind: 'ended' });
    expect(writes()).toEqual([]);
    expect(await reverter.end(lease({ shown: OUR_LIMIT, fallback }))).toEqual({ kind: 'ended' });
    expect(stands()).toEqual([ON, FALLBACK]);
  });

  it('is ended where it was never confirmed: what the device shows may be ours', async () => {
    sungrow.holding.set(LIMIT, THEIRS);
    expect(await reverter.end(lease())).toEqual({ kind: 'ended' });
    expect(stands()).toEqual([OFF, 1_000]);
  });

  it('waits as long for the answers of a device as its profile says', { timeout: 20_000 }, async () => {
    hardware.script = () => ({ kind: 'late', afterMs: 1_500 });
    expect(await reverter.end(lease())).toEqual({ kind: 'ended' });
    expect(stands()).toEqual([OFF, 1_000]);
  });

  it('leaves a device the rest between two requests that its entry asks for', async () => {
    const REST_MS = 200;
    const askedAtMs: number[] = [];
    hardware.script = () => void askedAtMs.push(monotonicMs());
    await reverter.end(lease({ address: { ...lease().address, minGapMs: REST_MS } }));
    const gapsMs = askedAtMs.slice(1).map((atMs, index) => atMs - askedAtMs[index]!);
    expect(gapsMs.length).toBeGreaterThan(1);
    expect(Math.min(...gapsMs)).toBeGreaterThan(REST_MS - 5);
  });

  it('ends what a lost write left half done, and is no stranger’s for it', async () => {
    const [MODE, POWER, AUTOMATIC, CHARGING] = [47_511, 47_512, 1, 11];
    const goodwe = unitRegisters({ [MODE]: [CHARGING, 2_000] });
    hardware.units.set(2, goodwe);
    const charge = lease({
      control: 'battery-power',
      profile: 'goodwe-et',
      address: { ...lease().address, unitId: 2 },
      shown: `registers ${POWER} = 2000, ${MODE} = ${CHARGING}`,
    });
    hardware.script = ({ functionCode }) => (functionCode === 16 ? { kind: 'exception', code: 4 } : undefined);
    await expect(reverter.end(charge)).rejects.toThrow(/device failure/);
    hardware.script = () => undefined;
    goodwe.holding.set(POWER, 1_500);
    expect(await reverter.end(charge)).toEqual({ kind: 'ended' });
    expect(goodwe.holding.get(MODE)).toBe(AUTOMATIC);
  });

  it('lets a charger draw as much as its site owes, or as it likes', async () => {
    const [CURRENT_MA, ENABLED] = [5_004, 5_014];
    const charger = keba();
    hardware.units.set(4, charger);
    const held = lease({ control: 'load-limit', profile: 'keba-kecontact', address: { ...lease().address, unitId: 4 } });
    charger.holding.set(ENABLED, 0);
    expect(await reverter.end({ ...held, fallback: { kind: 'load-limit', maxW: 4_200 } })).toEqual({ kind: 'ended' });
    expect([CURRENT_MA, ENABLED].map((at) => charger.holding.get(at))).toEqual([6_086, 1]);
    expect(await reverter.end(held)).toEqual({ kind: 'ended' });
    expect([CURRENT_MA, ENABLED].map((at) => charger.holding.get(at))).toEqual([63_000, 1]);
  });

  it('leaves a charger with the pause that somebody has set with another failsafe meanwhile', async () => {
    const charger = keba();
    hardware.units.set(4, charger);
    const held = lease({ control: 'load-limit', profile: 'keba-kecontact', address: { ...lease().address, unitId: 4 }, shown: 'ours' });
    charger.holding.set(1_603, 30);
    const before = new Map(charger.holding);
    expect(await reverter.end(held)).toMatchObject({ kind: 'left' });
    expect(charger.holding).toEqual(before);
  });

  it('goes over to a limit for good: a SunSpec device is given no timer, and needs to keep none', async () => {
    const models: ModelValues[] = [
      { id: 1, values: { Mn: 'Helios', SN: 'H' } },
      { id: 121, values: { WMax: 5_000, WMax_SF: 0 } },
      { id: 123, values: { WMaxLimPct: 10, WMaxLimPct_WinTms: 0, WMaxLimPct_RvrtTms: 60, WMaxLim_Ena: 1, WMaxLimPct_SF: 0 } },
    ];
    const inverter = unitRegisters({ 40_000: sunspecRegisters(models) });
    hardware.units.set(3, inverter);
    const told = lease({ profile: 'sunspec', address: { ...lease().address, unitId: 3 }, fallback: { kind: 'pv-limit', maxW: 2_000 } });
    expect(await reverter.end(told)).toEqual({ kind: 'ended' });
    const at = (name: string): number => modelAddresses(models).get(123)! + pointOf(SUNSPEC_MODELS.get(123)!, name).offset;
    expect(['WMaxLimPct', 'WMaxLimPct_RvrtTms', 'WMaxLim_Ena'].map((name) => inverter.holding.get(at(name)))).toEqual([40, 0, 1]);
  });
});
