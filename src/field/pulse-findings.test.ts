import { describe, expect, it } from 'vitest';
import type { Device } from '../fleet/plant.js';
import { randomStream } from '../kernel/random.js';
import { changesBy, findingsOf, isDisproved } from './commission-findings.js';
import { isAnswered, latencyIn } from './pulse-findings.js';
import type { Phase, TrialRecord } from './pulse-record.js';
import type { SiteSample, Trial } from './pulse-trial.js';

const TRIAL: Trial = {
  control: 'battery-power',
  levelsW: [300, -300],
  lastW: -300,
  leaseS: 20,
  phaseMs: 10_000,
  settleMs: 5_000,
  graceMs: 50_000,
  afterwardsMs: 20_000,
  expected: 'device',
  leftOut: [],
};

const device = (changes: Partial<Device>): Device => ({
  id: 'battery',
  siteId: 'home',
  name: 'Battery',
  role: 'battery',
  profile: 'sunspec',
  address: { host: '10.0.0.2', port: 502, unitId: 3 },
  direction: 1,
  pollPeriodMs: 1_000,
  reversion: 'none',
  ratedW: 3_000,
  ...changes,
});
const BATTERY = device({});
const METER = device({ id: 'meter', role: 'grid-meter' });

/** How a made-up site answers. */
interface Story {
  /** What the battery does when told this; `undefined` is left to itself. */
  readonly does?: (toldW: number | undefined) => number;
  readonly loadW?: (atMs: number) => number;
  /** -1: the meter looks the other way. */
  readonly meter?: 1 | -1 | 0;
  /** Seconds after the last write; absent: never. */
  readonly registerS?: number;
  readonly powerS?: number;
  readonly trial?: Partial<Trial>;
  readonly rounds?: number;
}

const told = (toldW: number | undefined): number => toldW ?? 0;

const recordOf = ({
  does = told,
  loadW = () => 700,
  meter = 1,
  registerS = 20.5,
  powerS = 21,
  trial: changed = {},
  rounds = 2,
}: Story): TrialRecord => {
  const trial = { ...TRIAL, ...changed };
  const sample = (atMs: number, batteryW: number): SiteSample => ({
    atMs,
    device: { 'battery.powerW': batteryW },
    gridW: meter * (loadW(atMs) - batteryW),
  });
  const watched = (beganAtMs: number, seconds: number, powerAt: (atMs: number) => number): SiteSample[] =>
    Array.from({ length: seconds * 2 }, (_, i) => sample(beganAtMs + (i + 1) * 500, powerAt(beganAtMs + (i + 1) * 500)));
  const phase = (toldW: number | undefined, index: number, beforeW: number): Phase => {
    const beganAtMs = index * 10_000;
    return { toldW, beganAtMs, samples: watched(beganAtMs, 10, (atMs) => (atMs - beganAtMs <= 1_500 ? beforeW : does(toldW))) };
  };
  const phases = [undefined, ...Array.from({ length: rounds }, () => trial.levelsW).flat()].map((toldW, index, all) =>
    phase(toldW, index, does(all[index - 1])),
  );
  const beganAtMs = phases.length * 10_000;
  const freeAtMs = beganAtMs + powerS * 1_000;
  const samples = watched(beganAtMs, 40, (atMs) => (atMs < freeAtMs ? does(trial.lastW) : does(undefined)));
  const last = { toldW: trial.lastW, beganAtMs, samples, endedAtMs: beganAtMs + 40_000 };
  return { trial, phases, last: Number.isFinite(registerS) ? { ...last, registerFreeAtMs: beganAtMs + registerS * 1_000 } : last };
};

const findings = (story: Story) => findingsOf(BATTERY, METER, [recordOf(story)]);

describe('what the phases of a trial say', () => {
  it('is a battery that does as it is told, at a meter that looks the right way', () => {
    const found = findings({});
    expect(found).toMatchObject({
      role: { verdict: 'proven' },
      meter: { verdict: 'proven', direction: 1 },
      reversion: { verdict: 'proven', reversionS: 21 },
      latencyMs: 2_000,
    });
    expect(isAnswered(recordOf({}))).toBe(true);
    expect(changesBy(found, BATTERY, METER, 'then')).toEqual([
      { deviceId: 'battery', fields: { reversion: 'device', commissioned: { at: 'then', latencyMs: 2_000, reversionS: 21 } } },
    ]);
  });

  it('is a battery whose sign is turned round, of which nothing is written', () => {
    const found = findings({ does: (toldW) => -told(toldW) });
    expect(found.role).toMatchObject({ verdict: 'disproved', reason: expect.stringContaining('goes the other way') });
    expect(found.meter.verdict).toBe('unproven');
    expect(changesBy(found, BATTERY, METER, 'then')).toEqual([]);
  });

  it.each([
    ['both ways', [1_000, -1_000]],
    ['one way', [1_000]],
  ])('is a battery turned round that charges far more by itself than it is pulsed, %s', (_, levelsW) => {
    const does = (toldW: number | undefined): number => (toldW === undefined ? -5_000 : -toldW);
    const found = findings({ does, trial: { levelsW, lastW: 1_000 } });
    expect(found.controls[0]!.sign).toMatchObject({ verdict: 'disproved', reason: expect.stringContaining('(-100 ± 0 %)') });
    const right = findings({ does: (toldW) => toldW ?? -5_000, trial: { levelsW, lastW: 1_000 } });
    expect(right.controls[0]!.sign).toMatchObject({ verdict: 'proven', reason: expect.stringContaining('100 ± 0 %') });
  });

  it('is in doubt about a battery that steadily does less than it is told', () => {
    const found = findings({ does: (toldW) => 0.7 * told(toldW) });
    expect(found.role).toMatchObject({ verdict: 'unproven', reason: expect.stringContaining('by 70 ± 0 %, steadily') });
    expect(findings({ does: (toldW) => 0.9 * told(toldW) }).role.verdict).toBe('proven');
  });

  it('is nothing about a limit that the power was below anyway, and no latency', () => {
    const limit: Partial<Trial> = { control: 'pv-limit', levelsW: [1_200], lastW: 1_200 };
    const below = findings({ does: () => 700, trial: limit });
    expect(below.controls[0]).toMatchObject({
      sign: { verdict: 'unproven', reason: 'its power was below the limit anyway' },
      latency: { verdict: 'unproven', reason: 'its power was below the limit anyway' },
    });
    expect(below.latencyMs).toBeUndefined();
    const deaf = findings({ does: () => 1_800, trial: limit });
    expect(deaf.controls[0]!.sign).toMatchObject({ verdict: 'disproved', reason: expect.stringContaining('does not follow') });
    const heeds = findings({ does: (toldW) => Math.min(toldW ?? 1_800, 1_800), trial: limit });
    expect(heeds.controls[0]).toMatchObject({ sign: { verdict: 'proven' }, latency: { verdict: 'proven' } });
  });

  it('is no latency of a limit that the power rose up to', () => {
    const limit: Partial<Trial> = { control: 'pv-limit', levelsW: [1_200], lastW: 1_200 };
    expect(latencyIn(recordOf({ does: (toldW) => (toldW === undefined ? 700 : 1_100), trial: limit }))).toBeUndefined();
  });

  it('makes no device dispatchable whose sign was not seen, or not every way', () => {
    const unsteady = findings({ does: (toldW) => 0.7 * told(toldW) });
    expect(unsteady.reversion.verdict).toBe('proven');
    expect(changesBy(unsteady, BATTERY, METER, 'then')).toEqual([]);
    const oneWay = findings({ trial: { leftOut: ['charging: the battery is at 97 %'] } });
    expect(changesBy(oneWay, BATTERY, METER, 'then')).toEqual([
      { deviceId: 'battery', fields: { commissioned: { at: 'then', latencyMs: 2_000, reversionS: 21 } } },
    ]);
  });

  it('is a meter that does not see the device', () => {
    expect(findings({ meter: 0 }).meter).toMatchObject({ verdict: 'unproven', reason: expect.stringContaining('nothing moved at meter') });
  });

  it('is nothing about a meter whose load comes and goes', () => {
    const random = randomStream(5);
    const story = { loadW: () => 200 + 2_000 * random() };
    expect(isAnswered(recordOf(story))).toBe(false);
    const found = findings(story);
    expect(found.meter).toMatchObject({ verdict: 'unproven', reason: expect.stringContaining('moved too much') });
    expect(found.role.verdict).toBe('proven');
  });

  it('is the same with a kettle, once there were more pulses than it spoilt', () => {
    const kettle: Story = { meter: -1, loadW: (atMs) => (atMs > 23_000 && atMs < 31_000 ? 2_700 : 700) };
    expect(isAnswered(recordOf(kettle))).toBe(false);
    expect(findings({ ...kettle, rounds: 4 }).meter).toMatchObject({ verdict: 'proven', direction: -1 });
  });

  it.each<[string, Story, string, string]>([
    ['never', { registerS: Infinity, powerS: Infinity }, 'disproved', 'nothing on the device ends it'],
    ['far too early', { registerS: 6, powerS: 6 }, 'disproved', 'it lets go after 6.0 s of 20 s'],
    ['in its registers alone', { powerS: Infinity }, 'unproven', 'but its power stayed where it was'],
    ['in its power alone', { registerS: Infinity }, 'unproven', 'its registers do not show it'],
    ['unseen', { does: (toldW) => toldW ?? -300 }, 'unproven', 'by itself its power is the same'],
    ['not, by its profile', { trial: { expected: 'supervisor' } }, 'unproven', 'by its profile nothing on the device ends it'],
  ])('is a device that lets go %s', (_, story, verdict, reason) => {
    const { reversion } = findings(story);
    expect(reversion).toMatchObject({ verdict, reason: expect.stringContaining(reason) });
  });

  it('takes a device out of dispatch that was shown not to let go', () => {
    const found = findings({ registerS: Infinity, powerS: Infinity });
    expect(isDisproved(found)).toBe(true);
    expect(changesBy(found, device({ reversion: 'device' }), METER, 'then')).toEqual([
      { deviceId: 'battery', fields: { reversion: 'none' } },
    ]);
  });

  it('has no latency where the noise hides the response', () => {
    const random = randomStream(3);
    expect(latencyIn(recordOf({ does: (toldW) => told(toldW) + 1_000 * (random() - 0.5) }))).toBeUndefined();
  });

  it('is a device that refuses, or of which nobody knows whether it was told', () => {
    const { trial, phases } = recordOf({});
    const refused = findingsOf(BATTERY, METER, [{ trial, phases, refusal: { kind: 'refused', reason: 'locked' } }]);
    expect(refused.role).toMatchObject({ verdict: 'disproved', reason: expect.stringContaining('the device refuses it: locked') });
    const unknown = findingsOf(BATTERY, METER, [{ trial, phases, refusal: { kind: 'unknown', reason: 'timed out' } }]);
    expect([unknown.role.verdict, unknown.reversion.verdict, isDisproved(unknown)]).toEqual(['unproven', 'unproven', false]);
  });

  it('trusts no timer of a hybrid of which one control was not seen', () => {
    const hybrid = device({ id: 'hybrid', role: 'hybrid' });
    const found = findingsOf(hybrid, METER, [recordOf({}), { control: 'pv-limit', reason: 'it gives 0 W', expected: 'device' }]);
    expect(found.reversion).toEqual({ verdict: 'unproven', reason: 'pv-limit: it gives 0 W' });
    expect(changesBy(found, hybrid, METER, 'then')).toEqual([
      { deviceId: 'hybrid', fields: { commissioned: { at: 'then', latencyMs: 2_000 } } },
    ]);
  });

  it('takes a battery that ends by itself for such a device, though its limit needs the supervisor', () => {
    const hybrid = device({ id: 'hybrid', role: 'hybrid' });
    const records = [recordOf({}), { control: 'pv-limit', reason: 'it gives 0 W', expected: 'supervisor' }] as const;
    const found = findingsOf(hybrid, METER, records);
    expect(found.reversion.verdict).toBe('proven');
    expect(changesBy(found, hybrid, METER, 'then')[0]!.fields.reversion).toBe('device');
    const supervised = device({ id: 'hybrid', role: 'hybrid', reversion: 'supervisor' });
    expect(changesBy(found, supervised, METER, 'then')[0]!.fields.reversion).toBeUndefined();
  });
});
