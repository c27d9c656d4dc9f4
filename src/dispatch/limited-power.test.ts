import { expect, it } from 'vitest';
import type { PlantImage, SiteNow } from '../telemetry/image.js';
import { imageOf } from './decide.fixture.js';
import { limitedPowers } from './limited-power.js';

const HOMES = [
  { id: 'a', gridW: 6_000, batteryW: -1_000, charger: { drawsW: 4_000 } },
  { id: 'b', gridW: 2_000, batteryW: 500, charger: { drawsW: 0 } },
];
const but = (change: Partial<SiteNow>): PlantImage => {
  const image = imageOf(HOMES);
  return { ...image, sites: new Map(image.sites).set('a', { ...image.sites.get('a')!, ...change }) };
};

it('is what batteries take and flexible loads draw, at a site and over the fleet', () => {
  expect(limitedPowers(imageOf(HOMES))({ scope: 'a', kind: 'load' })).toBe(5_000);
  expect(limitedPowers(imageOf(HOMES))({ scope: 'b', kind: 'load' })).toBe(0);
  expect(limitedPowers(imageOf(HOMES))({ scope: 'fleet', kind: 'load' })).toBe(5_000);
  expect(limitedPowers(imageOf(HOMES))({ scope: 'fleet', kind: 'import' })).toBe(8_000);
});

it('is not known while one of them is silent, whatever the others say', () => {
  for (const silent of ['battery', 'flexible'] as const) {
    const image = but({ silentFlows: [silent], powersW: { grid: 6_000, [silent === 'battery' ? 'flexible' : 'battery']: -4_000 } });
    for (const scope of ['a', 'fleet'])
      for (const kind of ['load', 'dimming'] as const) expect(limitedPowers(image)({ scope, kind })).toBeUndefined();
    expect(limitedPowers(image)({ scope: 'a', kind: 'import' })).toBe(6_000);
    expect(limitedPowers(image)({ scope: 'b', kind: 'load' })).toBe(0);
  }
});

it('is what leaves inverters and engines: a battery that charges gives nothing, and one behind the inverter of the sun takes of what that gives', () => {
  const image = imageOf([{ id: 'a', pvW: 4_000, batteryW: -1_500 }]);
  const values = { 'pv.powerW': 3_000, 'battery.powerW': -1_000 };
  const hybrid = { ...image.devices.get('a-pv')!, deviceId: 'a-hybrid', values };
  const engine = { ...hybrid, deviceId: 'a-generator', values: { 'generator.powerW': 700 } };
  const more = { ...image, devices: new Map([...image.devices, ['a-hybrid', hybrid], ['a-generator', engine]]) };
  expect(limitedPowers(more)({ scope: 'a', kind: 'generation' })).toBe(4_000 + 2_000 + 700);
  expect(limitedPowers(imageOf(HOMES))({ scope: 'b', kind: 'generation' })).toBe(500);
  expect(limitedPowers(but({ silentFlows: ['battery'] }))({ scope: 'a', kind: 'generation' })).toBeUndefined();
  expect(limitedPowers(image)({ scope: 'a', kind: 'sun' })).toBe(4_000);
});

it('is known where inverters are silent that have no part in it', () => {
  expect(limitedPowers(but({ silentFlows: ['pv'] }))({ scope: 'a', kind: 'load' })).toBe(5_000);
  const image = but({ silentFlows: ['pv'], loadW: undefined, missing: ['a-pv'] });
  const incomplete = { ...image, fleet: { ...image.fleet, complete: false, sitesMissing: ['a'] } };
  expect(limitedPowers(incomplete)({ scope: 'fleet', kind: 'import' })).toBe(8_000);
  expect(limitedPowers(incomplete)({ scope: 'fleet', kind: 'export' })).toBe(0);
  expect(limitedPowers(incomplete)({ scope: 'fleet', kind: 'generation' })).toBeUndefined();
  expect(limitedPowers(but({ powersW: { battery: 0, flexible: 0 } }))({ scope: 'fleet', kind: 'import' })).toBeUndefined();
  expect(limitedPowers(imageOf(HOMES))({ scope: 'nowhere', kind: 'load' })).toBeUndefined();
});
