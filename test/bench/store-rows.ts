import type { Sample } from '../../src/field/sample.js';

export const DEVICES = 1_000;
const FROM_MS = Date.UTC(2026, 0, 1);

/** One poll of the fleet: every device once, as inverters tell it; polls are `stepMs` apart. */
export const pollOf = (poll: number, stepMs: number, devices = DEVICES): Sample[] =>
  Array.from({ length: devices }, (_, device) => ({
    deviceId: `pv-${device}`,
    atMs: FROM_MS + poll * stepMs,
    values: { 'pv.powerW': (poll * 37 + device) % 5_000, 'pv.toBusCounterWh': poll * 7, 'device.limitPct': 100 },
  }));
