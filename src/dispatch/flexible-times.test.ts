import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, SECOND_MS } from '../kernel/units.js';
import { decide } from './decide.js';
import { CHARGER, type Home, inputOf, NOON_MS } from './decide.fixture.js';
import type { DecisionInput, DeviceDecision, PlannedDevice } from './decision.js';

const LOAD = 'home-flexible-load';
const told = (input: DecisionInput): DeviceDecision => decide(input).devices.find(({ deviceId }) => deviceId === LOAD)!;
const limitOf = ({ setpoint }: DeviceDecision): number | undefined => (setpoint?.kind === 'load-limit' ? setpoint.maxW : undefined);

/** A charger that began to draw, or to wait, so many seconds ago. */
const since = (seconds: number, drawsW: number, more: Partial<DecisionInput> = {}, home: Partial<Home> = {}): DecisionInput =>
  inputOf([{ id: 'home', gridW: drawsW + 500, charger: { drawsW }, ...home }], {
    loadRuns: new Map([[LOAD, { running: drawsW > 0, sinceMs: NOON_MS - seconds * SECOND_MS }]]),
    ...more,
  });
const planned = (drawW: number): Pick<DecisionInput, 'planned'> => ({
  planned: new Map<string, PlannedDevice>([[LOAD, { kind: 'flexible-load', drawW, toComeWh: drawW }]]),
});
const byHand = (maxW: number): Pick<DecisionInput, 'overrides'> => ({
  overrides: new Map([[LOAD, { setpoint: { kind: 'load-limit', maxW }, by: 'anna' }]]),
});
const event = (direction: 'up' | 'down', powerW: number, baselineW: number): Pick<DecisionInput, 'event'> => ({
  event: { id: 'EV-1', direction, powerW, baselineW: new Map([['home', baselineW]]), optedOut: new Set(), endMs: NOON_MS + HOUR_MS },
});

describe('the minimum down time of a flexible load', () => {
  it('holds against the plan, and against its own wish', () => {
    const early = told(since(299, 0, planned(6_000)));
    expect(early).toMatchObject({ owner: 'plan', setpoint: { maxW: 0 }, cuts: [{ by: 'device', why: 'minimum down time' }] });
    expect(early.waitsWithin).toBeUndefined();
    expect(limitOf(told(since(300, 0, planned(6_000))))).toBe(6_000);
    expect(told(since(299, 0))).toMatchObject({ owner: 'device', setpoint: { maxW: 0 } });
    expect(told(since(300, 0)).owner).toBe('itself');
  });

  it('is what its entry says', () => {
    const { plant, ...input } = since(90, 0, planned(6_000));
    const sites = plant.sites.map((site) => ({
      ...site,
      devices: site.devices.map((each) => (each.flexibleLoad ? { ...each, flexibleLoad: { ...CHARGER, minDownS: 60 } } : each)),
    }));
    expect(limitOf(told({ ...input, plant: { ...plant, sites } }))).toBe(6_000);
    expect(limitOf(told({ ...input, plant }))).toBe(0);
  });

  it('gives way to a person, and to an event that has it draw', () => {
    expect(limitOf(told(since(10, 0, byHand(9_000))))).toBe(9_000);
    expect(told(since(10, 0, { ...planned(0), ...event('down', 6_000, 500) }))).toMatchObject({
      owner: 'event:EV-1',
      setpoint: { maxW: 6_000 },
    });
  });

  it('does not give way to an event that only takes from others', () => {
    expect(limitOf(told(since(10, 0, { ...planned(6_000), ...event('up', 3_000, 500) })))).toBe(0);
  });

  it('leaves to others what it cannot take of a limit', () => {
    const { plant, image, ...input } = since(10, 0, { siteLimits: new Map([['home', { loadW: 12_000 }]]) });
    const site = plant.sites[0]!;
    const second = { ...site.devices.find(({ flexibleLoad }) => flexibleLoad)!, id: 'second' };
    const values = { 'flexible.powerW': -6_000, 'flexible.state': 3 };
    const devices = new Map(image.devices).set('second', { ...image.devices.get(LOAD)!, deviceId: 'second', values });
    const { devices: decisions } = decide({
      ...input,
      plant: { ...plant, sites: [{ ...site, devices: [...site.devices, second] }] },
      image: { ...image, devices },
    });
    expect(limitOf(told({ ...input, plant, image }))).toBe(0);
    expect(decisions.find(({ deviceId }) => deviceId === 'second')?.owner).toBe('itself');
  });
});

describe('the minimum up time of a flexible load', () => {
  it('has it go on at its least power against the plan', () => {
    const held = told(since(299, 8_000, planned(0)));
    expect(held).toMatchObject({ owner: 'plan', setpoint: { maxW: CHARGER.minW }, cuts: [{ by: 'device', why: 'minimum up time' }] });
    expect(limitOf(told(since(300, 8_000, planned(0))))).toBe(0);
    expect(limitOf(told(since(10, 8_000, planned(6_000))))).toBe(6_000);
  });

  it('has it go on as it likes where nobody knows the least that it draws', () => {
    const { plant, ...input } = since(10, 3_000, planned(0));
    const sites = plant.sites.map((site) => ({
      ...site,
      devices: site.devices.map((each) =>
        each.flexibleLoad ? { ...each, ratedW: 4_000, flexibleLoad: { kind: 'heat-pump' as const, minW: 0, phases: 3 as const } } : each,
      ),
    }));
    expect(limitOf(told({ ...input, plant: { ...plant, sites } }))).toBe(4_000);
  });

  it('gives way to a limit, to a person, and to an event', () => {
    expect(limitOf(told(since(10, 8_000, { ...planned(0), siteLimits: new Map([['home', { loadW: 3_000 }]]) })))).toBe(0);
    expect(limitOf(told(since(10, 8_000, { ...planned(0), ...byHand(0) })))).toBe(0);
    expect(told(since(10, 4_140, { ...planned(0), ...event('up', 4_640, 4_640) }))).toMatchObject({
      owner: 'event:EV-1',
      setpoint: { maxW: 0 },
    });
  });
});

describe('minimum times of flexible loads', () => {
  const wish = fc.option(fc.integer({ min: 0, max: 11_000 }), { nil: undefined });
  const upW = fc.option(fc.integer({ min: 1, max: 20_000 }), { nil: undefined });

  test.prop([fc.integer({ min: 0, max: 299 }), fc.constantFrom(0, 4_140, 8_000), wish, wish, upW])(
    'hold whatever the plan wants, and never add to what a limit or an event leaves',
    (seconds, drawsW, planW, loadW, eventW) => {
      const asked = {
        ...(planW === undefined ? {} : planned(planW)),
        ...(loadW === undefined ? {} : { siteLimits: new Map([['home', { loadW }]]) }),
        ...(eventW === undefined ? {} : event('up', eventW, drawsW + 500)),
      };
      const mostW = limitOf(told(since(seconds, drawsW, asked))) ?? 11_000;
      const isLimited = loadW !== undefined && loadW < CHARGER.minW;
      expect(mostW).toBeLessThanOrEqual(loadW ?? Infinity);
      expect(drawsW === 0 ? mostW === 0 : mostW > 0 || isLimited || eventW !== undefined).toBe(true);
    },
  );
});
