import { describe, expect, it } from 'vitest';
import type { Setpoint } from '../field/setpoint.js';
import { decide } from './decide.js';
import { type Home, inputOf } from './decide.fixture.js';
import { phaseRoom } from './phase-limit.js';
import type { DecisionInput } from './decision.js';

const fused = (more: Partial<Home>): Home => ({ id: 'home', phaseLimitA: 25, ...more });
const roomOf = (home: Home, role = 'battery') => {
  const input = inputOf([home]);
  const site = input.plant.sites[0]!;
  return phaseRoom(
    input,
    site,
    site.devices.filter((device) => device.role === role),
  );
};
const told = (input: DecisionInput, role: string): Setpoint | undefined =>
  decide(input).devices.find(({ deviceId }) => deviceId === `home-${role}`)?.setpoint;
const by = (role: string, setpoint: Setpoint) => ({ overrides: new Map([[`home-${role}`, { setpoint, by: 'anna' }]]) });

describe('what a phase may still carry', () => {
  it('is what the most loaded one leaves, on all phases of a large device', () => {
    expect(roomOf(fused({ gridW: 9_000, currentsA: [20, 10, 9] }))).toEqual({ way: 'import', roomW: 3 * 5 * 230 });
    expect(roomOf(fused({ gridW: -9_000, currentsA: [28, 10, 9] }))).toEqual({ way: 'export', roomW: 3 * -3 * 230 });
  });

  it('is that of one phase alone where a device stands on one', () => {
    const input = inputOf([fused({ gridW: 9_000, currentsA: [20, 10, 9] })]);
    const site = input.plant.sites[0]!;
    expect(phaseRoom(input, site, [{ ...site.devices[2]!, ratedW: 3_000 }])!.roomW).toBe(5 * 230);
  });

  it('is less by what the power has grown since the meter spoke', () => {
    const { image, ...input } = inputOf([fused({ gridW: 9_000, currentsA: [20, 10, 9] })]);
    const site = input.plant.sites[0]!;
    const now = image.sites.get('home')!;
    const sites = new Map([['home', { ...now, powersW: { ...now.powersW, grid: 10_000 } }]]);
    expect(phaseRoom({ image: { ...image, sites } }, site, [site.devices[2]!])!.roomW).toBe(3 * 5 * 230 - 1_000);
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

  it('holds sun that leaves through it', () => {
    const home = fused({ gridW: -4_000, pvW: 4_500, currentsA: [26, 2, 2] });
    expect(told(inputOf([home]), 'pv')).toEqual({ kind: 'pv-limit', maxW: 4_500 - 3 * 230 });
  });
});
