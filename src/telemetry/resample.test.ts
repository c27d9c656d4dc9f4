import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { energyByFlow, energyOfDay, flowEnergiesSum, NO_ENERGIES } from './energy-of-day.js';
import type { IntervalEnergy } from './interval-energy.js';
import { resample } from './resample.js';

const T0 = Date.UTC(2026, 4, 1);
const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const DAY = 86_400_000;

const interval = (fromMinute: number, toMinute: number, more: Partial<IntervalEnergy> = {}): IntervalEnergy => ({
  startMs: T0 + fromMinute * MINUTE,
  endMs: T0 + toMinute * MINUTE,
  siteId: 'home-1',
  deviceId: 'meter-1',
  flow: 'grid',
  toBusWh: 0,
  fromBusWh: 0,
  quality: 'measured',
  commanded: false,
  ...more,
});

describe('resampling', () => {
  it('sums shorter intervals, and the last of them tells the counter', () => {
    const minutes = Array.from({ length: 15 }, (_, i) =>
      interval(i, i + 1, { toBusWh: 10, toBusCounterWh: 1_000 + 10 * (i + 1), commanded: i === 3 }),
    );
    expect(resample(minutes, QUARTER)).toEqual([
      { ...interval(0, 15), toBusWh: 150, toBusCounterWh: 1_150, fromBusCounterWh: undefined, commanded: true },
    ]);
  });

  it('splits a longer one in proportion, and says that this is an estimate', () => {
    const [first, ...rest] = resample([interval(0, 15, { toBusWh: 150, fromBusWh: 30, toBusCounterWh: 9_999 })], 5 * MINUTE);
    expect(first).toMatchObject({ toBusWh: 50, fromBusWh: 10, quality: 'estimated', toBusCounterWh: undefined });
    expect(rest.map(({ toBusWh, toBusCounterWh }) => [toBusWh, toBusCounterWh])).toEqual([
      [50, undefined],
      [50, 9_999],
    ]);
  });

  it('leaves a slot missing that is not covered wholly, or of which a piece is missing', () => {
    const minutes = Array.from({ length: 15 }, (_, i) => interval(i, i + 1, { toBusWh: 1 }));
    const [short] = resample(minutes.slice(1), QUARTER);
    expect(short).toMatchObject({ quality: 'missing' });
    expect(short!.toBusWh).toBeUndefined();
    const holed = minutes.map((each, i) =>
      i === 7 ? interval(7, 8, { quality: 'missing', toBusWh: undefined, fromBusWh: undefined }) : each,
    );
    expect(resample(holed, QUARTER)[0]!.quality).toBe('missing');
  });

  it('adds up what the sun would have given where all pieces know it, and passes on what mars one of them', () => {
    const pieces = [interval(0, 5, { availableWh: 40, clockUnsure: true }), interval(5, 15, { availableWh: 60, imported: true })];
    expect(resample(pieces, QUARTER)).toMatchObject([{ availableWh: 100, clockUnsure: true, imported: true }]);
    expect(resample([pieces[0]!, interval(5, 15)], QUARTER)[0]!.availableWh).toBeUndefined();
    expect(resample([interval(0, 30, { availableWh: 50 })], QUARTER).map(({ availableWh }) => availableWh)).toEqual([25, 25]);
  });

  it('takes mixed lengths as they come, device by device', () => {
    const mixed = [
      interval(15, 30, { toBusWh: 8 }),
      ...Array.from({ length: 15 }, (_, i) => interval(i, i + 1, { toBusWh: 1, deviceId: 'a' })),
    ];
    expect(resample(mixed, QUARTER).map(({ deviceId, startMs, toBusWh }) => [deviceId, (startMs - T0) / MINUTE, toBusWh])).toEqual([
      ['a', 0, 15],
      ['meter-1', 15, 8],
    ]);
  });

  const lengths = fc.array(fc.constantFrom(1, 5, 15, 30, 60), { minLength: 1, maxLength: 20 });
  test.prop([lengths, fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 20, maxLength: 20 }), fc.constantFrom(1, 5, 15, 60)])(
    'loses and makes no energy',
    (minutes, energies, slotMinutes) => {
      let at = 0;
      const given = minutes.map((length, i) => interval(at, (at += length), { toBusWh: energies[i], fromBusWh: energies.at(-i - 1) }));
      // Padded to whole hours, so that every slot is covered.
      const padded = Array.from({ length: (60 - (at % 60)) % 60 }, (_, i) => interval(at + i, at + i + 1));
      const slots = resample([...given, ...padded], slotMinutes * MINUTE);
      const sum = (of: readonly IntervalEnergy[], key: 'toBusWh' | 'fromBusWh') => of.reduce((total, each) => total + each[key]!, 0);
      expect(sum(slots, 'toBusWh')).toBeCloseTo(sum(given, 'toBusWh'), 6);
      expect(sum(slots, 'fromBusWh')).toBeCloseTo(sum(given, 'fromBusWh'), 6);
    },
  );
});

describe("a day's energy", () => {
  const DEVICES = [
    { id: 'meter-1', role: 'grid-meter' as const },
    { id: 'hybrid-1', role: 'hybrid' as const },
  ];
  const day = { startMs: T0, endMs: T0 + DAY };
  const slot = (i: number): IntervalEnergy[] => [
    interval(i * 15, i * 15 + 15, { toBusWh: 20, fromBusWh: 100 }),
    interval(i * 15, i * 15 + 15, { deviceId: 'hybrid-1', flow: 'pv', toBusWh: 300 }),
    interval(i * 15, i * 15 + 15, { deviceId: 'hybrid-1', flow: 'battery', toBusWh: 10, fromBusWh: 50 }),
  ];
  const full = Array.from({ length: 96 }, (_, i) => slot(i)).flat();

  it('is the sum of its slots, and consumption is the balance', () => {
    expect(energyOfDay(full, DEVICES, day)).toEqual({
      producedWh: 96 * 300,
      importedWh: 96 * 20,
      exportedWh: 96 * 100,
      chargedWh: 96 * 50,
      dischargedWh: 96 * 10,
      consumedWh: 96 * 180,
      quality: 'measured',
      missingSlots: 0,
    });
  });

  it('counts a slot as missing when one device is, and leaves it out of the consumption only', () => {
    const holed = full.filter(({ startMs, flow }) => !(startMs === T0 + QUARTER && flow === 'battery'));
    const energy = energyOfDay(
      [...holed, interval(0, 0, { deviceId: 'gone', startMs: T0 - DAY, endMs: T0 - DAY + QUARTER })],
      DEVICES,
      day,
    );
    expect(energy).toMatchObject({
      quality: 'missing',
      missingSlots: 1,
      producedWh: 96 * 300,
      dischargedWh: 95 * 10,
      consumedWh: 95 * 180,
    });
  });

  it('has nothing to say about a day without readings', () => {
    expect(energyOfDay([], DEVICES, day)).toEqual({
      producedWh: undefined,
      importedWh: undefined,
      exportedWh: undefined,
      chargedWh: undefined,
      dischargedWh: undefined,
      consumedWh: undefined,
      quality: 'missing',
      missingSlots: 96,
    });
  });

  it('does not make up the consumption of a site without a grid meter', () => {
    const energy = energyOfDay(full, [{ id: 'hybrid-1', role: 'hybrid' }], day);
    expect(energy).toMatchObject({ producedWh: 96 * 300, consumedWh: undefined, quality: 'measured' });
  });

  it('is told by flow as well, each with its own gaps and marks', () => {
    const marked = full.map((each) => ({
      ...each,
      ...(each.startMs === T0 && each.flow === 'battery' ? { commanded: true, clockUnsure: true as const } : {}),
      ...(each.startMs < T0 + 4 * QUARTER && each.flow === 'pv' ? { imported: true as const } : {}),
    }));
    const holed = marked.filter(({ startMs, flow }) => !(startMs === T0 + QUARTER && flow === 'battery'));
    const { flows, all } = energyByFlow(holed, DEVICES, day);
    expect([...flows.keys()]).toEqual(['grid', 'pv', 'battery']);
    expect(flows.get('grid')).toMatchObject({ toBusWh: 96 * 20, fromBusWh: 96 * 100, quality: 'measured', slots: 96, missingSlots: 0 });
    expect(flows.get('pv')).toMatchObject({ toBusWh: 96 * 300, importedSlots: 4, commandedSlots: 0 });
    expect(flows.get('battery')).toMatchObject({ quality: 'missing', missingSlots: 1, commandedSlots: 1, clockUnsureSlots: 1 });
    expect(all).toMatchObject({ fromBusWh: 95 * 180, missingSlots: 1, importedSlots: 4, commandedSlots: 1, clockUnsureSlots: 1 });
  });

  test.prop([fc.integer({ min: 0, max: 96 }), fc.array(fc.integer({ min: 0, max: 287 }), { maxLength: 20 })])(
    'is the same in one piece and in two',
    (cut, gaps) => {
      const holed = full.filter((_, i) => !gaps.includes(i));
      const cutMs = T0 + cut * QUARTER;
      const first = energyByFlow(holed, DEVICES, { startMs: T0, endMs: cutMs });
      const second = energyByFlow(holed, DEVICES, { startMs: cutMs, endMs: day.endMs });
      const whole = energyByFlow(holed, DEVICES, day);
      expect(flowEnergiesSum(flowEnergiesSum(NO_ENERGIES, first), second)).toEqual(whole);
    },
  );
});
