import { describe, expect, it } from 'vitest';
import type { Device } from '../fleet/plant.js';
import type { SampleValues } from './sample.js';
import { isTrial, setpointOf, type TrialRequest, trialOf } from './pulse-trial.js';

const BATTERY = {
  capacityWh: 6_000,
  maxChargeW: 3_000,
  maxDischargeW: 3_000,
  chargeEfficiency: 0.95,
  dischargeEfficiency: 0.95,
  minSocPct: 10,
  maxSocPct: 95,
};
const request = (role: Device['role'], values: SampleValues, gridW?: number): TrialRequest => ({
  device: {
    id: 'device',
    siteId: 'home',
    name: 'Device',
    role,
    profile: 'sunspec',
    address: { host: '10.0.0.2', port: 502, unitId: 3 },
    direction: 1,
    pollPeriodMs: 1_000,
    reversion: 'none',
    ratedW: 3_000,
    battery: BATTERY,
  },
  site: { importLimitW: 5_000, exportLimitW: 0 },
  now: { atMs: 0, device: values, gridW },
  powerW: 300,
  leaseS: 20,
  expected: 'device',
});

describe('a trial', () => {
  it('charges and discharges, and ends with what is furthest from what the battery does by itself', () => {
    const asked = request('battery', { 'battery.powerW': 250, 'battery.socPct': 50 });
    expect(trialOf('battery-power', { ...asked, site: { importLimitW: 5_000, exportLimitW: 5_000 } })).toMatchObject({
      levelsW: [300, -300],
      lastW: -300,
      phaseMs: 10_000,
    });
  });

  it('leaves out what would pass the limit of the connection, whichever way its meter looks', () => {
    const near = trialOf('battery-power', request('battery', { 'battery.powerW': 0, 'battery.socPct': 50 }, 4_900));
    expect(near).toEqual({
      control: 'battery-power',
      expected: 'device',
      reason: expect.stringMatching(/discharging: .* limit; charging: .* limit/),
    });
    const unmetered = trialOf('battery-power', request('battery', { 'battery.powerW': 0, 'battery.socPct': 50 }));
    expect(unmetered).toMatchObject({ levelsW: [-300], leftOut: [expect.stringMatching(/^discharging: no meter tells what flows/)] });
    const low = trialOf('battery-power', request('battery', { 'battery.powerW': 300, 'battery.socPct': 11 }, 10));
    expect(low).toMatchObject({ levelsW: [-300], leftOut: ['discharging: the battery is at 11 %'] });
  });

  it('does not start an engine that the connection may not bear', () => {
    const at = (gridW: number | undefined, exportLimitW: number) => {
      const asked = request('generator', { 'generator.powerW': 0 }, gridW);
      return trialOf('generator', { ...asked, site: { ...asked.site, exportLimitW }, powerW: 3_000 });
    };
    expect(at(undefined, 0)).toEqual({ control: 'generator', expected: 'device', reason: expect.stringContaining('no meter tells') });
    expect(at(500, 3_000)).toMatchObject({ reason: expect.stringContaining('might pass the connection’s limit') });
    expect([at(undefined, 3_000), at(500, 3_500)]).toMatchObject([{ lastW: 3_000 }, { lastW: 3_000 }]);
  });

  it('lowers what a load draws, never below its least but to nothing, and ends with nothing', () => {
    const at = (drawsW: number) => {
      const asked = request('flexible-load', { 'flexible.powerW': -drawsW });
      const flexibleLoad = { kind: 'charger', minW: 1_380, phases: 1 } as const;
      return trialOf('load-limit', { ...asked, device: { ...asked.device, flexibleLoad }, unseen: true });
    };
    expect(at(2_000)).toMatchObject({ levelsW: [-1_700], lastW: 0, unseen: true });
    expect(at(1_500)).toMatchObject({ levelsW: [0], lastW: 0 });
    expect(at(0)).toMatchObject({ reason: expect.stringContaining('let a car charge first') });
    expect([-1_700, 0].map((powerW) => setpointOf('load-limit', powerW))).toEqual([
      { kind: 'load-limit', maxW: 1_700 },
      { kind: 'load-limit', maxW: 0 },
    ]);
  });

  it('takes part of the sun there is', () => {
    expect(trialOf('pv-limit', request('pv', { 'pv.powerW': 2_000 }))).toMatchObject({ levelsW: [1_700], lastW: 1_700 });
    expect(trialOf('pv-limit', request('pv', { 'pv.powerW': 400 }))).toMatchObject({ levelsW: [160] });
    expect(isTrial(trialOf('pv-limit', request('pv', { 'pv.powerW': 100 })))).toBe(false);
    expect(trialOf('pv-limit', request('pv', {}))).toEqual({
      control: 'pv-limit',
      expected: 'device',
      reason: expect.stringContaining('does not tell the power'),
    });
  });

  it('holds a hybrid at its terminal, battery included', () => {
    expect(trialOf('pv-limit', request('hybrid', { 'pv.powerW': 2_000, 'battery.powerW': -500 }))).toMatchObject({ lastW: 1_200 });
  });
});
