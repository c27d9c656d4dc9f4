import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import type { Setpoint } from '../field/setpoint.js';
import { decide } from './decide.js';
import { CHARGER, type Home, inputOf } from './decide.fixture.js';
import { phaseRoom } from './phase-limit.js';
import { sitesOf } from './site-case.js';
import type { DecisionInput } from './decision.js';

const fused = (more: Partial<Home>): Home => ({ id: 'home', phaseLimitA: 25, ...more });
const roomOf = (home: Home, role = 'battery') => {
  const [site] = sitesOf(inputOf([home]));
  return phaseRoom(site!, (device) => device.role === role);
};
const told = (input: DecisionInput, role: string): Setpoint | undefined =>
  decide(input).devices.find(({ deviceId }) => deviceId === `home-${role}`)?.setpoint;
const by = (role: string, setpoint: Setpoint) => ({ overrides: new Map([[`home-${role}`, { setpoint, by: 'anna' }]]) });

describe('what a phase may still carry', () => {
  it('is what the most loaded one leaves, on all phases of a large device', () => {
    expect(roomOf(fused({ gridW: 9_000, currentsA: [20, 10, 9] }))!.importW).toBe(3 * 5 * 230);
    expect(roomOf(fused({ gridW: -9_000, currentsA: [28, 10, 9] }))!.exportW).toBe(3 * -3 * 230);
  });

  it('is more by what flows the other way', () => {
    expect(roomOf(fused({ gridW: 9_000, currentsA: [20, 10, 9] }))!.exportW).toBe(3 * (25 + 9) * 230);
    expect(roomOf(fused({ gridW: -9_000, currentsA: [20, 10, 9] }))!.importW).toBe(3 * (25 + 9) * 230);
  });

  it('is that of the phase that takes, while the site gives as a whole', () => {
    // Sun of 13 A on each phase, and a car of 32 A on one.
    expect(roomOf(fused({ gridW: -1_610, currentsA: [19, 13, 13] }))).toEqual({ importW: 3 * 6 * 230, exportW: 3 * 12 * 230 });
    expect(roomOf(fused({ gridW: 1_610, currentsA: [19, 13, 13] }))).toEqual({ importW: 3 * 12 * 230, exportW: 3 * 6 * 230 });
  });

  it('is the least that may be where the currents can flow in more than one way', () => {
    expect(roomOf(fused({ gridW: 0, currentsA: [20, 10, 10] }))).toEqual({ importW: 3 * 5 * 230, exportW: 3 * 5 * 230 });
  });

  it('is that of one phase alone where a device stands on one', () => {
    const [site] = sitesOf(inputOf([fused({ gridW: 9_000, currentsA: [20, 10, 9] })]));
    const battery = site!.devices[2]!;
    const small = { ...battery, device: { ...battery.device, ratedW: 3_000 } };
    expect(phaseRoom({ ...site!, able: [small] }, () => true)!.importW).toBe(5 * 230);
  });

  it('is less by what the power has grown since the meter spoke', () => {
    const [site] = sitesOf(inputOf([fused({ gridW: 9_000, currentsA: [20, 10, 9] })]));
    const room = phaseRoom({ ...site!, gridW: 10_000 }, ({ battery }) => battery !== undefined)!;
    expect(room).toEqual({ importW: 3 * 5 * 230 - 1_000, exportW: 3 * 34 * 230 + 1_000 });
  });

  it('is not known without a limit, or without currents', () => {
    expect(roomOf({ id: 'home', gridW: 9_000, currentsA: [20, 10, 9] })).toBeUndefined();
    expect(roomOf(fused({ gridW: 9_000 }))).toBeUndefined();
  });
});

describe('the fuse of a phase', () => {
  const charge = by('battery', { kind: 'battery-power', powerW: -5_000 });

  it('holds a battery’s charging, and has it help where the house alone is too much', () => {
    expect(told(inputOf([fused({ gridW: 9_000, currentsA: [20, 10, 9] })], charge), 'battery')).toMatchObject({ powerW: -3_450 });
    expect(told(inputOf([fused({ gridW: 12_000, currentsA: [27, 15, 15] })], charge), 'battery')).toMatchObject({ powerW: 1_380 });
    expect(told(inputOf([fused({ gridW: 9_000, currentsA: [10, 10, 9] })], charge), 'battery')).toMatchObject({ powerW: -5_000 });
  });

  it('holds a battery’s discharge while the site gives to the grid', () => {
    const discharge = by('battery', { kind: 'battery-power', powerW: 5_000 });
    expect(told(inputOf([fused({ gridW: -9_000, pvW: 9_500, currentsA: [22, 12, 10] })], discharge), 'battery')).toMatchObject({
      powerW: 2_070,
    });
  });

  it('holds what flexible loads draw', () => {
    const home = fused({ gridW: 12_000, currentsA: [28, 15, 15], charger: { drawsW: 9_000 } });
    expect(told(inputOf([home]), 'flexible-load')).toEqual({ kind: 'load-limit', maxW: 9_000 - 3 * 3 * 230 });
  });

  it('holds a load that draws through it while the site gives to the grid, and leaves the sun alone', () => {
    const home = fused({ gridW: -1_380, pvW: 9_000, currentsA: [28, 17, 17], charger: { drawsW: 7_000 } });
    expect(told(inputOf([home]), 'flexible-load')).toEqual({ kind: 'load-limit', maxW: 7_000 - 3 * 3 * 230 });
    expect(told(inputOf([home]), 'pv')).toBeUndefined();
  });

  it('leaves a load alone that takes up what would leave through it', () => {
    const home = fused({ gridW: -15_000, pvW: 20_000, currentsA: [22, 22, 22], charger: { drawsW: 4_500 } });
    expect(told(inputOf([home]), 'flexible-load')).toBeUndefined();
  });

  it('is kept by a battery in the middle where one takes too much and another gives too much', () => {
    const torn = fused({ gridW: -2_760, pvW: 9_000, currentsA: [28, 40, 0], batteryW: 1_000 });
    // 3 A too much on the one would have it give 2070 W more, 15 A on the other 10350 W less.
    expect(told(inputOf([torn], charge), 'battery')).toMatchObject({ powerW: 1_000 - (10_350 - 2_070) / 2 });
  });

  it('holds sun that leaves through it', () => {
    const home = fused({ gridW: -4_000, pvW: 4_500, currentsA: [26, 2, 2] });
    expect(told(inputOf([home]), 'pv')).toEqual({ kind: 'pv-limit', maxW: 4_500 - 3 * 230 });
  });
});

describe('phases of a site whose direction no meter tells', () => {
  const LIMIT_A = 25;
  const phase = fc.record({ othersW: fc.integer({ min: -9_000, max: 9_000 }) });

  /** A charger on the first phase, or on all. */
  test.prop([fc.tuple(phase, phase, phase), fc.constantFrom(1 as const, 3 as const), fc.integer({ min: 1_400, max: 11_000 })])(
    'are kept by what loads are told, whatever else flows through them',
    (others, phases, drawsW) => {
      const carW = (index: number): number => (phases === 3 ? drawsW / 3 : index === 0 ? drawsW : 0);
      const flowsW = others.map(({ othersW }, index) => othersW + carW(index));
      const gridW = flowsW.reduce((total, powerW) => total + powerW, 0);
      const currentsA = flowsW.map((powerW) => Math.abs(powerW) / 230) as [number, number, number];
      const { plant, ...input } = inputOf([fused({ gridW, currentsA, importLimitW: 60_000, exportLimitW: 60_000, charger: { drawsW } })]);
      const load = { ...CHARGER, phases, minW: 1_380 * phases };
      const sites = plant.sites.map((site) => ({
        ...site,
        devices: site.devices.map((each) => (each.flexibleLoad ? { ...each, flexibleLoad: load } : each)),
      }));
      const setpoint = told({ ...input, plant: { ...plant, sites } }, 'flexible-load');
      const tellsW = setpoint?.kind === 'load-limit' ? setpoint.maxW : drawsW;
      others.forEach(({ othersW }, index) => {
        const withCarW = othersW + carW(index) * Math.min(1, tellsW / drawsW);
        expect(withCarW).toBeLessThanOrEqual(Math.max(LIMIT_A * 230, othersW) + 1);
      });
    },
  );
});
