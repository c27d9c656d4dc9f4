import { describe, expect, it } from 'vitest';
import { SLOT_MS } from '../kernel/interval.js';
import { energyByFlow } from './energy-of-day.js';
import type { IntervalEnergy } from './interval-energy.js';

const T0 = Date.UTC(2026, 4, 1);
const slot = (deviceId: string, flow: IntervalEnergy['flow'], more: Partial<IntervalEnergy>): IntervalEnergy => ({
  siteId: 'home',
  deviceId,
  flow,
  startMs: T0,
  endMs: T0 + SLOT_MS,
  toBusWh: 0,
  fromBusWh: 0,
  quality: 'measured',
  commanded: false,
  ...more,
});

describe('what the loads of a site drew', () => {
  const devices = [
    { id: 'meter', role: 'grid-meter' },
    { id: 'wallbox', role: 'flexible-load' },
  ] as const;
  const stretch = { startMs: T0, endMs: T0 + SLOT_MS };
  const meter = slot('meter', 'grid', { toBusWh: 1_000 });

  it('holds what a flexible load drew, which has a row of its own', () => {
    const { flows, all } = energyByFlow([meter, slot('wallbox', 'flexible', { fromBusWh: 700 })], devices, stretch);
    expect(all).toMatchObject({ fromBusWh: 1_000, missingSlots: 0 });
    expect(flows.get('flexible')).toMatchObject({ fromBusWh: 700, missingSlots: 0 });
  });

  it('is known without the word of a flexible load', () => {
    const { flows, all } = energyByFlow([meter], devices, stretch);
    expect(all).toMatchObject({ fromBusWh: 1_000, missingSlots: 0, quality: 'measured' });
    expect(flows.get('flexible')).toMatchObject({ missingSlots: 1 });
  });
});
