import type { Device } from './plant.js';

/** A charger of 10 kW at a home. */
export const CHARGER: Device = {
  id: 'wallbox',
  siteId: 'home',
  name: 'Wallbox',
  role: 'flexible-load',
  profile: 'keba-kecontact',
  address: { host: '127.0.0.1', port: 502, unitId: 255 },
  direction: 1,
  pollPeriodMs: 1_000,
  reversion: 'device',
  ratedW: 10_000,
  flexibleLoad: { kind: 'charger', minW: 4_140, phases: 3 },
};
