import { describe, expect, it } from 'vitest';
import type { Lease } from '../field/setpoint.js';
import type { Device } from '../fleet/plant.js';
import { homeLoads } from './home-loads.js';

const charger = { id: 'car', name: 'Garage', ratedW: 11_000, flexibleLoad: { kind: 'charger', minW: 4_140 } } as unknown as Device;
const roof = { id: 'roof', name: 'Roof', ratedW: 5_000 } as unknown as Device;
const lease = (owner: string, maxW: number): Lease => ({
  deviceId: 'car',
  setpoint: { kind: 'load-limit', maxW },
  owner,
  expiresAtMs: 60_000,
});

describe('a home’s flexible loads', () => {
  it('say what they do and draw', () => {
    const values = { 'flexible.powerW': -7_200, 'flexible.state': 3 };
    expect(homeLoads([roof, charger], (id) => (id === 'car' ? values : undefined), [])).toEqual([
      { id: 'car', name: 'Garage', state: 'draws', drawsW: 7_200, held: undefined },
    ]);
  });

  it('say nothing of what is not known', () => {
    expect(homeLoads([charger], () => undefined, [])).toEqual([{ id: 'car', name: 'Garage' }]);
  });

  it.each([
    ['operator', 'limit'],
    ['connection', 'limit'],
    ['event:EV-0001', 'event'],
    ['override:olga', 'operator'],
    ['plan', 'plan'],
    ['device', 'rest'],
  ])('held by %s are held by %s', (owner, by) => {
    expect(homeLoads([charger], () => ({ 'flexible.powerW': -0 }), [lease(owner, 4_200)])).toMatchObject([
      { drawsW: 0, held: { by, toW: 4_200 } },
    ]);
  });

  it('are not held by what lets them draw all that they can', () => {
    expect(homeLoads([charger], () => undefined, [lease('operator', 11_000)])[0]!.held).toBeUndefined();
  });
});
