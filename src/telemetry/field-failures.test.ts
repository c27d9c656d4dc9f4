import { describe, expect, it } from 'vitest';
import type { Sample, SampleValues } from '../field/sample.js';
import type { Device, DeviceRole, Plant } from '../fleet/plant.js';
import { slotsOf } from '../kernel/interval.js';
import { localDay } from '../kernel/local-day.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { deviceEnergies } from './device-energies.js';
import { energyOfDay } from './energy-of-day.js';
import { gateLimits } from './gate-limits.js';
import { Gatekeeper } from './gatekeeper.js';
import type { IntervalEnergy } from './interval-energy.js';

const T0 = Date.UTC(2026, 4, 1, 10);
const QUARTER_MS = 15 * MINUTE_MS;

const device = (id: string, role: DeviceRole): Device => ({
  id,
  siteId: 'home-1',
  name: id,
  role,
  profile: 'sunspec',
  address: { host: '127.0.0.1', port: 502, unitId: 1 },
  direction: 1,
  pollPeriodMs: 10 * SECOND_MS,
  reversion: 'device',
  ratedW: 5_000,
});

const DEVICES = { pv: device('pv', 'pv'), meter: device('meter', 'grid-meter'), copy: device('copy', 'grid-meter') };
const SITE = {
  id: 'home-1',
  name: 'Home 1',
  kind: 'home',
  zone: 'Europe/Berlin',
  importLimitW: 17_000,
  exportLimitW: 10_000,
  devices: Object.values(DEVICES),
} as const;
const PLANT: Plant = { name: 'p', zone: SITE.zone, currency: 'EUR', households: [], sites: [SITE] };

const hours = (ms: number): number => ms / HOUR_MS;

/** A poll every ten seconds for a while, of what a device says so long after T0. */
const poll = (deviceId: keyof typeof DEVICES, [fromMs, toMs]: [number, number], says: (ms: number) => SampleValues): Sample[] => {
  const samples: Sample[] = [];
  for (let ms = fromMs; ms <= toMs; ms += 10 * SECOND_MS) samples.push({ deviceId, atMs: T0 + ms, values: says(ms) });
  return samples;
};

/** What the gate lets through of a stream, each sample arriving at `nowOf` it, and the reasons for all else. */
const through = (samples: readonly Sample[], nowOf = (sample: Sample) => sample.atMs): { kept: Sample[]; reasons: Set<string> } => {
  const gatekeeper = new Gatekeeper(PLANT);
  const kept: Sample[] = [];
  const reasons = new Set<string>();
  for (const sample of samples) {
    const passage = gatekeeper.pass(sample, nowOf(sample))!;
    for (const { quantity, reason } of passage.refused) reasons.add(`${quantity ?? 'sample'}: ${reason}`);
    if (passage.accepted && Object.keys(passage.accepted.values).length > 0) kept.push(passage.accepted);
  }
  return { kept, reasons };
};

/** Quality and net energy of the quarter-hours after T0, from what was kept of a device. */
const quarters = (kept: readonly Sample[], of: keyof typeof DEVICES, count: number): [IntervalEnergy['quality'], number | undefined][] => {
  const slots = slotsOf({ startMs: T0, endMs: T0 + count * QUARTER_MS }, QUARTER_MS);
  const own = kept.filter(({ deviceId }) => deviceId === of);
  return deviceEnergies({ device: DEVICES[of], limits: gateLimits(DEVICES[of], SITE) }, own, slots, []).map((one) => [
    one.quality,
    one.toBusWh === undefined ? undefined : Math.round(one.toBusWh - one.fromBusWh!),
  ]);
};

const sun = (ms: number): SampleValues => ({
  'pv.powerW': 2_000 + (ms % 7),
  'pv.toBusCounterWh': 5_000_000 + Math.round(2_000 * hours(ms)),
});
const grid = (ms: number): SampleValues => ({
  'grid.powerW': 800 + (ms % 7),
  'grid.toBusCounterWh': 1_000_007 + Math.round(800 * hours(ms)),
  'grid.fromBusCounterWh': 300_003,
});

describe('ten ways in which real devices have lied', () => {
  it('65535 W: a register that says "not available" is no power, and the energy of the hour stays right', () => {
    const { kept, reasons } = through(
      poll('pv', [0, HOUR_MS], (ms) => ({ ...sun(ms), ...(ms % 60_000 === 0 ? { 'pv.powerW': 65_535 } : {}) })),
    );
    expect(reasons).toEqual(new Set(['pv.powerW: out-of-range']));
    expect(quarters(kept, 'pv', 4)).toEqual(Array.from({ length: 4 }, () => ['measured', 500]));
  });

  it('counter 0 at wake-up: the night does not produce five megawatt-hours', () => {
    const waking = poll('pv', [0, HOUR_MS], (ms) => ({ ...sun(ms), ...(ms < 20 * MINUTE_MS && ms > 0 ? { 'pv.toBusCounterWh': 0 } : {}) }));
    const { kept, reasons } = through(waking);
    expect(reasons).toEqual(new Set(['pv.toBusCounterWh: counter-fell']));
    const told = quarters(kept, 'pv', 4);
    expect(told.reduce((sum, [, energyWh]) => sum + energyWh!, 0)).toBe(2_000);
    expect(told.map(([quality]) => quality)).toEqual(['estimated', 'estimated', 'measured', 'measured']);
  });

  it('429 million kWh: all ones in a counter are no energy', () => {
    const { kept, reasons } = through(
      poll('pv', [0, HOUR_MS], (ms) => ({ ...sun(ms), ...(ms % 60_000 === 30_000 ? { 'pv.toBusCounterWh': 429_496_729_500 } : {}) })),
    );
    expect(reasons).toEqual(new Set(['pv.toBusCounterWh: out-of-range']));
    expect(quarters(kept, 'pv', 3)).toEqual(Array.from({ length: 3 }, () => ['measured', 500]));
  });

  it('a scale factor off by ten in the counter: nothing is believed once two windows have shown it', () => {
    const tenfold = (ms: number): SampleValues => ({ ...sun(ms), 'pv.toBusCounterWh': 50_000_000 + Math.round(20_000 * hours(ms) * 0.2) });
    const { kept, reasons } = through(poll('pv', [0, 2 * HOUR_MS], tenfold));
    expect(reasons).toEqual(new Set());
    expect(quarters(kept, 'pv', 1)).toEqual([['measured', 1_000]]);
    const fourfold = (ms: number): SampleValues => ({
      'pv.powerW': 400 + (ms % 7),
      'pv.toBusCounterWh': 50_000_003 + Math.round(4_000 * hours(ms)),
    });
    const wrong = through(poll('pv', [0, 2 * HOUR_MS], fourfold));
    expect(wrong.reasons).toEqual(new Set(['pv.powerW: contradicted', 'pv.toBusCounterWh: contradicted']));
    expect(quarters(wrong.kept, 'pv', 8).slice(2)).toEqual(Array.from({ length: 6 }, () => ['missing', undefined]));
  });

  it('negative sun at night: an inverter draws a little, which is not production; more is refused', () => {
    const night = through(poll('pv', [0, HOUR_MS], () => ({ 'pv.powerW': -9, 'pv.toBusCounterWh': 5_000_000 })));
    expect(night.reasons).toEqual(new Set());
    expect(quarters(night.kept, 'pv', 4)).toEqual(Array.from({ length: 4 }, () => ['measured', 0]));
    expect(through(poll('pv', [0, MINUTE_MS], () => ({ 'pv.powerW': -700 }))).reasons).toEqual(new Set(['pv.powerW: out-of-range']));
  });

  it('a frozen meter: kept aside after five minutes, missing until it thaws, and no energy lost over all', () => {
    const freezing = (ms: number): SampleValues => grid(ms < 30 * MINUTE_MS ? ms : ms < 90 * MINUTE_MS ? 30 * MINUTE_MS : ms);
    const { kept, reasons } = through(poll('meter', [0, 2 * HOUR_MS], freezing));
    expect(reasons).toEqual(new Set(['sample: frozen']));
    const frozen = kept.filter(({ atMs }) => atMs - T0 > 36 * MINUTE_MS && atMs - T0 < 90 * MINUTE_MS);
    expect(frozen).toEqual([]);
    // Closed while it stood still, the quarter-hour is missing; closed after it has thawed, its counter tells the energy.
    expect(
      quarters(
        kept.filter(({ atMs }) => atMs < T0 + 80 * MINUTE_MS),
        'meter',
        4,
      )[3],
    ).toEqual(['missing', undefined]);
    const told = quarters(kept, 'meter', 8);
    expect(told.reduce((sum, [, energyWh]) => sum + energyWh!, 0)).toBeCloseTo(1_600, -1);
    expect(told[4]![0]).toBe('estimated');
  });

  it('import and export exchanged: power and counters disagree on the direction, and neither is paid', () => {
    const exchanged = (ms: number): SampleValues => {
      const { 'grid.toBusCounterWh': into, 'grid.fromBusCounterWh': out, ...rest } = grid(ms);
      return { ...rest, 'grid.toBusCounterWh': out, 'grid.fromBusCounterWh': into };
    };
    const { kept, reasons } = through(poll('meter', [0, 2 * HOUR_MS], exchanged));
    expect(reasons).toContain('grid.fromBusCounterWh: contradicted');
    expect(quarters(kept, 'meter', 8).slice(1)).toEqual(Array.from({ length: 7 }, () => ['missing', undefined]));
  });

  it('a reading from yesterday: a gateway that answers from its cache says nothing about now', () => {
    const stale = poll('meter', [0, MINUTE_MS], grid);
    const { kept, reasons } = through(stale, ({ atMs }) => atMs + DAY_MS);
    expect(kept).toEqual([]);
    expect(reasons).toEqual(new Set(['sample: too-old']));
  });

  it('the doubled hour in autumn: 25 hours are 25 hours, and the day holds 100 slots', () => {
    const day = localDay(SITE.zone, '2026-10-25');
    const samples: Sample[] = [];
    for (let atMs = day.startMs; atMs <= day.endMs; atMs += MINUTE_MS) samples.push({ deviceId: 'meter', atMs, values: grid(atMs - T0) });
    const { kept, reasons } = through(samples);
    expect(reasons).toEqual(new Set());
    const energies = deviceEnergies({ device: DEVICES.meter, limits: gateLimits(DEVICES.meter, SITE) }, kept, slotsOf(day, QUARTER_MS), []);
    expect(energies).toHaveLength(100);
    expect(energyOfDay(energies, [DEVICES.meter], day)).toMatchObject({ importedWh: 20_000, missingSlots: 0 });
  });

  it('out of order: what arrives late neither turns a counter back nor counts twice', () => {
    const inOrder = poll('meter', [0, HOUR_MS], grid);
    const shuffled = inOrder.flatMap((sample, i) => (i % 5 === 4 ? [sample, inOrder[i - 3]!] : [sample]));
    const { kept, reasons } = through(shuffled, ({ atMs }) => Math.max(atMs, T0 + 40 * SECOND_MS));
    expect(reasons).toContain('sample: out-of-order');
    expect(quarters(kept, 'meter', 3)).toEqual(Array.from({ length: 3 }, () => ['measured', 200]));
  });
});

describe('what one device cannot show alone', () => {
  it('one register for both directions: nothing is believed of it', () => {
    const both = (ms: number): SampleValues => ({ ...grid(ms), 'grid.fromBusCounterWh': grid(ms)['grid.toBusCounterWh'] });
    const { reasons } = through(poll('meter', [0, HOUR_MS], both));
    expect(reasons).toContain('grid.toBusCounterWh: contradicted');
  });

  it('one meter twice in the fleet: the later is not counted, until the counters part', () => {
    const twice = (untilMs: number) =>
      poll('meter', [0, 3 * HOUR_MS], grid).flatMap((sample, i) => {
        const ms = sample.atMs - T0;
        // Asked a few seconds later, and by itself from some moment on.
        const beside =
          ms < untilMs
            ? grid(ms + 3_000)
            : {
                ...grid(untilMs),
                'grid.powerW': 2_000 + (i % 7),
                'grid.toBusCounterWh': grid(untilMs)['grid.toBusCounterWh']! + Math.round(2_000 * hours(ms - untilMs)),
              };
        return [sample, { deviceId: 'copy', atMs: sample.atMs + 3_000, values: beside }];
      });
    const always = through(twice(Infinity));
    expect(always.reasons).toEqual(new Set(['sample: twin-meter']));
    expect(always.kept.filter(({ deviceId }) => deviceId === 'copy').at(-1)!.atMs).toBeLessThan(T0 + 31 * MINUTE_MS);
    expect(quarters(always.kept, 'meter', 4).map(([quality]) => quality)).toEqual(Array.from({ length: 4 }, () => 'measured'));
    const parted = through(twice(90 * MINUTE_MS));
    expect(parted.kept.at(-1)).toMatchObject({ deviceId: 'copy' });
  });

  it('two meters that merely look alike are two', () => {
    const alike = poll('meter', [0, 3 * HOUR_MS], grid).flatMap((sample) => {
      const values = {
        ...grid(sample.atMs - T0),
        'grid.toBusCounterWh': 1_000_000 + Math.round(900 * hours(sample.atMs - T0)),
        'grid.powerW': 900,
      };
      return [sample, { deviceId: 'copy', atMs: sample.atMs + 3_000, values }];
    });
    expect(through(alike).reasons).toEqual(new Set());
  });

  it('a battery does not fill in a second, but one that was measured anew is believed after a while', () => {
    const battery = {
      ...device('battery', 'battery'),
      battery: {
        capacityWh: 10_000,
        maxChargeW: 5_000,
        maxDischargeW: 5_000,
        chargeEfficiency: 0.95,
        dischargeEfficiency: 0.95,
        minSocPct: 5,
        maxSocPct: 100,
      },
    };
    const gatekeeper = new Gatekeeper({ ...PLANT, sites: [{ ...SITE, devices: [battery] }] });
    const says = (ms: number, socPct: number) =>
      gatekeeper
        .pass({ deviceId: 'battery', atMs: T0 + ms, values: { 'battery.socPct': socPct } }, T0 + ms)!
        .refused.map(({ reason }) => reason);
    expect(says(0, 40)).toEqual([]);
    expect(says(10_000, 90)).toEqual(['leapt']);
    expect(says(20_000, 40)).toEqual([]);
    const outcomes = Array.from({ length: 15 }, (_, i) => says(30_000 + i * 10_000, 90));
    expect(outcomes.findIndex((reasons) => reasons.length === 0)).toBe(12);
    expect(says(HOUR_MS, 60)).toEqual([]);
  });
});
