import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { PvArray } from '../kernel/sun.js';
import { type Profile, profileSchema } from '../registers/profile.js';
import type { BatteryPack, VirtualCharger, VirtualGenerator, VirtualSite } from './spec.js';

/** Sites for tests of the simulator; ports are free ones. */

export const profile = (name: string): Profile =>
  profileSchema.parse(parse(readFileSync(new URL(`../../hardware/profiles/${name}.yaml`, import.meta.url), 'utf8')));

export const PACK: BatteryPack = {
  capacityWh: 6_400,
  maxChargeW: 3_000,
  maxDischargeW: 3_000,
  chargeEfficiency: 0.95,
  dischargeEfficiency: 0.94,
  minSocPct: 5,
  maxSocPct: 98,
};

export const ARRAY: PvArray = { peakW: 5_400, tiltDeg: 30, azimuthDeg: 180 };

const bare = (id: string): VirtualSite => ({
  id,
  seed: 7,
  kind: 'home',
  zone: 'Europe/Berlin',
  latitude: 52.5,
  longitude: 13.4,
  host: '127.0.0.1',
  port: 0,
  load: { kind: 'made-up' },
  meter: { id: `${id}-meter`, unitId: 1, map: 'sunspec-203' },
});

/** A home with an inverter (103) and a battery (124). */
export const home = (changes: Partial<VirtualSite> = {}): VirtualSite => ({
  ...bare('home'),
  pv: { id: 'home-pv', unitId: 2, models: '103', ratedW: 5_000, array: ARRAY },
  battery: { id: 'home-battery', unitId: 3, models: '124', ratedW: 3_000, pack: PACK },
  ...changes,
});

/** A home with an inverter in floating point (113), a battery after IEEE 1547 (704) and a meter without SunSpec. */
export const modernHome = (changes: Partial<VirtualSite> = {}): VirtualSite => ({
  ...bare('modern'),
  meter: { id: 'modern-meter', unitId: 1, map: profile('eastron-sdm630') },
  pv: { id: 'modern-pv', unitId: 2, models: '113', ratedW: 5_000, array: ARRAY },
  battery: { id: 'modern-battery', unitId: 3, models: '704', ratedW: 3_000, pack: PACK },
  ...changes,
});

export const hybridHome = (changes: Partial<VirtualSite> = {}): VirtualSite => ({
  ...bare('hybrid'),
  hybrid: { id: 'hybrid-inverter', unitId: 2, ratedW: 5_000, array: ARRAY, pack: PACK },
  ...changes,
});

export const CHARGER: VirtualCharger = {
  id: 'charger',
  unitId: 255,
  ratedW: 11_040,
  phases: 3,
  car: { from: '18:00', by: '07:00', energyWh: 9_000 },
};

/** A home with sun, a battery and a charger. */
export const chargerHome = (changes: Partial<VirtualCharger> = {}): VirtualSite =>
  home({ id: 'charging', chargers: [{ ...CHARGER, ...changes }] });

export const GENERATOR: VirtualGenerator = {
  id: 'genset',
  unitId: 2,
  map: profile('virtual-genset'),
  minW: 6_000,
  maxW: 20_000,
  rampWPerS: 1_000,
  warmUpS: 30,
  coolDownS: 60,
  minUpS: 300,
  minDownS: 240,
  noLoadLitresPerH: 1.5,
  litresPerKwh: 0.28,
  tankLitres: 200,
};

export const generatorSite = (changes: Partial<VirtualGenerator> = {}): VirtualSite => ({
  ...bare('generators'),
  kind: 'generators',
  generators: [{ ...GENERATOR, ...changes }],
});

/** Late morning of a June day. */
export const JUNE_MORNING_MS = Date.UTC(2024, 5, 3, 9);
