import { describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import { decide } from './decide.js';
import { type Home, inputOf } from './decide.fixture.js';
import type { DecisionInput } from './decision.js';
import { fleetNet } from './fleet-net.js';
import { sitesOf } from './site-case.js';

/** The same moment with devices that say nothing: site `a` by its grid meter, and more of it. */
const silent = (input: DecisionInput, ...ids: readonly string[]): DecisionInput => {
  const devices = new Map(input.image.devices);
  const sites = new Map(input.image.sites);
  for (const id of ids) devices.set(id, { ...devices.get(id)!, values: {} });
  for (const id of ids.filter((each) => each.endsWith('-grid-meter'))) {
    const siteId = devices.get(id)!.siteId;
    const now = sites.get(siteId)!;
    sites.set(siteId, { ...now, powersW: { ...now.powersW, grid: undefined }, loadW: undefined });
  }
  return { ...input, image: { ...input.image, devices, sites } };
};
const netOf = (input: DecisionInput) => fleetNet(input, sitesOf(input));
const drawing = (leastW: number, mostW: number) => ({ silentLoads: new Map([['a', { leastW, mostW, mostSeenW: mostW }]]) });
const HOME: Home = { id: 'a', gridW: 1_200, pvW: 3_000, batteryW: -1_000, charger: { drawsW: 2_000 } };

describe('a site whose grid meter is silent', () => {
  it('counts with its devices’ own word and what its house drew last', () => {
    expect(netOf(inputOf([HOME]))).toEqual({ leastW: 1_200, mostW: 1_200 });
    expect(netOf(silent(inputOf([HOME], drawing(1_200, 1_200)), 'a-grid-meter'))).toEqual({ leastW: 1_200, mostW: 1_200 });
  });

  it('may draw nothing besides them, or all that the connection bears, where its house was never seen', () => {
    expect(netOf(silent(inputOf([HOME]), 'a-grid-meter'))).toEqual({ leastW: 0, mostW: 20_000 });
  });

  it('counts a device that is silent too with all that it is rated for', () => {
    const input = silent(inputOf([HOME], drawing(500, 500)), 'a-grid-meter', 'a-pv', 'a-battery', 'a-flexible-load');
    expect(netOf(input)).toEqual({ leastW: 500 - 5_000 - 5_000, mostW: 500 + 5_000 + 11_000 });
  });

  it('counts with nothing while it runs on its own', () => {
    const input = silent(inputOf([HOME]), 'a-grid-meter');
    const now = input.image.sites.get('a')!;
    const sites = new Map([['a', { ...now, islanded: true as const }]]);
    expect(netOf({ ...input, image: { ...input.image, sites } })).toEqual({ leastW: 0, mostW: 0 });
  });
});

describe('under a limit on the fleet', () => {
  const setpointOf = (input: DecisionInput, deviceId: string): number | undefined => {
    const setpoint = decide(input).devices.find((one) => one.deviceId === deviceId)!.setpoint;
    return setpoint?.kind === 'battery-power' ? setpoint.powerW : setpoint?.kind === 'load-limit' ? setpoint.maxW : undefined;
  };
  const homes: Home[] = [
    { id: 'a', gridW: 4_000 },
    { id: 'b', gridW: 3_000 },
  ];

  it('batteries elsewhere give for what a house with a dead meter drew last', () => {
    const fleetLimits = { importW: 5_000 };
    expect(setpointOf(inputOf([homes[1]!], { fleetLimits }), 'b-battery')).toBeUndefined();
    const input = silent(inputOf(homes, { fleetLimits, ...drawing(4_000, 4_000) }), 'a-grid-meter');
    expect(setpointOf(input, 'b-battery')).toBe(2_010);
  });

  it('batteries elsewhere take up what may leave a site with a dead meter', () => {
    const sunny: Home[] = [
      { ...homes[0]!, gridW: -3_000, pvW: 4_000 },
      { id: 'b', gridW: -2_000, pvW: 3_000 },
    ];
    const input = silent(inputOf(sunny, { fleetLimits: { exportW: 5_000 } }), 'a-grid-meter');
    expect(setpointOf(input, 'b-battery')).toBe(-1_010);
  });

  it('a charger behind a dead meter is room for others only where its house is known', () => {
    const input = (extra: Partial<DecisionInput>): DecisionInput =>
      silent(
        inputOf(
          [
            { id: 'a', charger: { drawsW: 11_000 } },
            { id: 'b', gridW: 6_000, charger: { drawsW: 5_000 } },
          ],
          {
            fleetLimits: { importW: 20_000 },
            ...extra,
          },
        ),
        'a-grid-meter',
      );
    expect(setpointOf(input(drawing(0, 0)), 'b-flexible-load')).toBeGreaterThan(4_140);
    expect(setpointOf(input({}), 'b-flexible-load')).toBe(0);
  });

  it('stays as far from one limit as from the other where both may be passed', () => {
    const fleetLimits = { importW: 2_000, exportW: 2_000 };
    const input = silent(
      inputOf(
        [
          { id: 'a', pvW: 3_000 },
          { id: 'b', gridW: 0 },
        ],
        { fleetLimits, ...drawing(0, 9_000) },
      ),
      'a-grid-meter',
    );
    expect(setpointOf(input, 'b-battery')).toBe(1_500);
  });
});

const powerW = fc.integer({ min: -5_000, max: 5_000 });
test.prop([
  powerW,
  fc.integer({ min: 0, max: 5_000 }),
  fc.nat(8_000),
  fc.nat(11_000),
  fc.subarray(['a-pv', 'a-battery', 'a-flexible-load']),
])('whatever is silent, what really flows lies within what is reckoned with', (batteryW, pvW, houseW, drawsW, unheard) => {
  const gridW = houseW + drawsW - pvW - batteryW;
  const input = silent(inputOf([{ id: 'a', gridW, pvW, batteryW, charger: { drawsW }, importLimitW: 30_000 }]), 'a-grid-meter', ...unheard);
  const { leastW, mostW } = netOf({ ...input, ...drawing(0, 8_000) });
  expect(leastW).toBeLessThanOrEqual(gridW);
  expect(mostW).toBeGreaterThanOrEqual(gridW);
});
