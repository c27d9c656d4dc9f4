import { expect, it } from 'vitest';
import type { PlantImage, SiteNow } from '../telemetry/image.js';
import { imageOf } from './decide.fixture.js';
import { limitedPowerW } from './limited-power.js';

const HOMES = [
  { id: 'a', gridW: 6_000, batteryW: -1_000, charger: { drawsW: 4_000 } },
  { id: 'b', gridW: 2_000, batteryW: 500, charger: { drawsW: 0 } },
];
const but = (change: Partial<SiteNow>): PlantImage => {
  const image = imageOf(HOMES);
  return { ...image, sites: new Map(image.sites).set('a', { ...image.sites.get('a')!, ...change }) };
};

it('is what batteries take and flexible loads draw, at a site and over the fleet', () => {
  expect(limitedPowerW({ scope: 'a', kind: 'load' }, imageOf(HOMES))).toBe(5_000);
  expect(limitedPowerW({ scope: 'b', kind: 'load' }, imageOf(HOMES))).toBe(0);
  expect(limitedPowerW({ scope: 'fleet', kind: 'load' }, imageOf(HOMES))).toBe(5_000);
  expect(limitedPowerW({ scope: 'fleet', kind: 'import' }, imageOf(HOMES))).toBe(8_000);
});

it('is not known while one of them is silent, whatever the others say', () => {
  for (const silent of ['battery', 'flexible'] as const) {
    const image = but({ silentFlows: [silent], powersW: { grid: 6_000, [silent === 'battery' ? 'flexible' : 'battery']: -4_000 } });
    for (const scope of ['a', 'fleet'])
      for (const kind of ['load', 'dimming'] as const) expect(limitedPowerW({ scope, kind }, image)).toBeUndefined();
    expect(limitedPowerW({ scope: 'a', kind: 'import' }, image)).toBe(6_000);
    expect(limitedPowerW({ scope: 'b', kind: 'load' }, image)).toBe(0);
  }
});

it('is known where inverters are silent that have no part in it', () => {
  expect(limitedPowerW({ scope: 'a', kind: 'load' }, but({ silentFlows: ['pv'] }))).toBe(5_000);
  const image = but({ silentFlows: ['pv'], loadW: undefined, missing: ['a-pv'] });
  const incomplete = { ...image, fleet: { ...image.fleet, complete: false, sitesMissing: ['a'] } };
  expect(limitedPowerW({ scope: 'fleet', kind: 'import' }, incomplete)).toBe(8_000);
  expect(limitedPowerW({ scope: 'fleet', kind: 'export' }, incomplete)).toBe(0);
  expect(limitedPowerW({ scope: 'fleet', kind: 'generation' }, incomplete)).toBeUndefined();
  expect(limitedPowerW({ scope: 'fleet', kind: 'import' }, but({ powersW: { battery: 0, flexible: 0 } }))).toBeUndefined();
  expect(limitedPowerW({ scope: 'nowhere', kind: 'load' }, imageOf(HOMES))).toBeUndefined();
});
