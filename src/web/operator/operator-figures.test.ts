import { fc, test } from '../../../test/prop.js';
import { describe, expect, it } from 'vitest';

import { MINUTE_MS } from '../../kernel/units.js';
import type { Alarm, DeviceRow, GridEvent, SiteRow } from '../api/types.js';
import { flowDirection } from '../design/flow-direction.js';
import { inOrder } from './alarm-order.js';
import { batterySites, devicesShown, flexibleLoads, loadStateOf, onStrip, powerOf } from './device-figures.js';
import { deliveredShare, type EventDraft, meanDeliveredW, missingOf, newestFirst, requestOf } from './event-figures.js';

const device = (over: Partial<DeviceRow>): DeviceRow => ({
  id: 'd',
  name: 'Battery',
  siteId: 's',
  siteName: 'Home 1',
  role: 'battery',
  profile: 'sunspec',
  ratedW: 5_000,
  address: '127.0.0.1:1502/1',
  health: 'online',
  values: {},
  decided: [],
  lockedOut: false,
  ...over,
});
const site = (over: Partial<SiteRow>): SiteRow => ({
  id: 's',
  name: 'Home 1',
  kind: 'home',
  powersW: {},
  optedOut: false,
  reserveFloorPct: 20,
  missing: [],
  ...over,
});
const shortfall = { offlineW: 3_000, reserveW: 49, optedOutW: 0, limitedW: 800, otherW: 50 };
const draft: EventDraft = { direction: 'up', powerKw: '20', startInMinutes: '1', durationMinutes: '5', pricePerKwh: '0,40' };
const gridEvent = (over: Partial<GridEvent>): GridEvent => ({
  id: 'EV-1',
  direction: 'up',
  powerW: 20_000,
  priceMicroPerKwh: 400_000,
  startMs: 0,
  endMs: 15 * MINUTE_MS,
  state: 'active',
  announcedAtMs: 0,
  announcedBy: 'anna',
  ...over,
});

it('says what a flexible load does, as far as it tells', () => {
  const load = (values: DeviceRow['values']): DeviceRow => device({ role: 'flexible-load', values });
  expect([0, 1, 2, 3, 4].map((state) => loadStateOf(load({ 'flexible.state': state })))).toEqual([
    'nothingThere',
    'wantsNothing',
    'heldBack',
    'draws',
    'failed',
  ]);
  expect([loadStateOf(load({})), loadStateOf(device({ values: { 'flexible.state': 3 } }))]).toEqual([undefined, undefined]);
  const second = device({ role: 'flexible-load', id: 'b', siteName: 'Home 2' });
  expect(flexibleLoads([second, device({}), load({})]).map(({ siteName }) => siteName)).toEqual(['Home 1', 'Home 2']);
});

it('takes the power of a device from the flows of its role', () => {
  expect(powerOf(device({ role: 'grid-meter', values: { 'grid.powerW': -40 } }))).toBe(-40);
  expect(powerOf(device({ role: 'hybrid', values: { 'pv.powerW': 900, 'battery.powerW': -400 } }))).toBe(500);
  expect(powerOf(device({ role: 'hybrid', values: { 'pv.powerW': 900 } }))).toBeUndefined();
});

describe('asking for a grid event', () => {
  it('starts on the next whole interval, and reads a comma as a point', () => {
    expect(requestOf(draft, 10 * MINUTE_MS + 1, 1)).toEqual({
      kind: 'request',
      request: { direction: 'up', powerW: 20_000, startMs: 12 * MINUTE_MS, durationMinutes: 5, priceMicroPerKwh: 400_000 },
    });
    expect(requestOf(draft, 10 * MINUTE_MS, 15)).toMatchObject({ request: { startMs: 15 * MINUTE_MS } });
  });

  it.each([
    ['powerKw', '0'],
    ['powerKw', ''],
    ['powerKw', 'many'],
    ['startInMinutes', '-1'],
    ['durationMinutes', '0'],
    ['durationMinutes', '2.5'],
    ['pricePerKwh', '-0.1'],
  ] as const)('names the field that cannot be used: %s "%s"', (field, typed) => {
    expect(requestOf({ ...draft, [field]: typed }, 0, 1)).toEqual({ kind: 'fault', field });
  });

  it('names what is missing in the order of its reasons, but for what rounds to nothing', () => {
    expect(missingOf(shortfall)).toEqual([
      { part: 'offlineW', powerW: 3_000 },
      { part: 'limitedW', powerW: 800 },
      { part: 'otherW', powerW: 50 },
    ]);
  });

  it('reckons what was delivered against what was asked', () => {
    expect(meanDeliveredW(gridEvent({ deliveredWh: 2_500 }))).toBe(10_000);
    expect(meanDeliveredW(gridEvent({}))).toBeUndefined();
    expect(deliveredShare(gridEvent({}), 15_000)).toBe(0.75);
    expect(deliveredShare(gridEvent({}), -3_000)).toBe(0);
    expect(deliveredShare(gridEvent({}), undefined)).toBeUndefined();
    expect(newestFirst([gridEvent({ id: 'a', startMs: 1 }), gridEvent({ id: 'b', startMs: 2 })]).map(({ id }) => id)).toEqual(['b', 'a']);
  });
});

test.prop([fc.integer({ min: 0, max: 2 ** 41 }), fc.integer({ min: 0, max: 600 }), fc.constantFrom(1, 5, 15, 30, 60)])(
  'an event never starts before it was asked to, and at most one interval later',
  (nowMs, minutes, intervalMinutes) => {
    const outcome = requestOf({ ...draft, startInMinutes: String(minutes) }, nowMs, intervalMinutes);
    if (outcome.kind !== 'request') throw new Error('the draft is complete');
    const lateMs = outcome.request.startMs - (nowMs + minutes * MINUTE_MS);
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(intervalMinutes * MINUTE_MS);
    expect(outcome.request.startMs % (intervalMinutes * MINUTE_MS)).toBe(0);
  },
);

describe('devices and machines', () => {
  const fleet = [
    device({ id: 'a', siteName: 'Home 10' }),
    device({ id: 'b', siteName: 'Home 2', health: 'stale' }),
    device({ id: 'c', siteName: 'Home 2', name: 'Grid meter', role: 'grid-meter' }),
    device({ id: 'd', siteName: 'Home 1', lockedOut: true }),
  ];

  it('stand by site as people count, and are found by any of their words', () => {
    expect(devicesShown(fleet, '', false).map(({ id }) => id)).toEqual(['d', 'b', 'c', 'a']);
    expect(devicesShown(fleet, 'home meter', false).map(({ id }) => id)).toEqual(['c']);
    expect(devicesShown(fleet, '', true).map(({ id }) => id)).toEqual(['d', 'b']);
  });

  it('lists sites with a battery, shared ones first, also when the battery is not read', () => {
    const sites = [
      site({ id: 'h2', name: 'Home 2', socPct: 40 }),
      site({ id: 'pv', name: 'Home 3' }),
      site({ id: 'cb', name: 'Shared', kind: 'community-battery', powersW: { battery: -5 } }),
    ];
    expect(batterySites(sites).map(({ id }) => id)).toEqual(['cb', 'h2']);
  });

  it('places a run on the strip of the day, cut at its ends', () => {
    expect(onStrip({ startMs: 25, endMs: 50 }, 0, 100)).toEqual({ leftPct: 25, widthPct: 25 });
    expect(onStrip({ startMs: -10, endMs: 10 }, 0, 100)).toEqual({ leftPct: 0, widthPct: 10 });
    expect(onStrip({ startMs: 100, endMs: 120 }, 0, 100)).toBeUndefined();
  });

  it('names the direction of a flow, and none for noise', () => {
    expect(flowDirection('battery', -900)).toBe('charging');
    expect(flowDirection('grid', -900)).toBe('exporting');
    expect(flowDirection('grid', 5)).toBe('balanced');
    expect(flowDirection('generator', 900)).toBe('running');
  });
});

it('puts open alarms first, the worst on top, then the newest', () => {
  const alarm = (id: number, severity: Alarm['severity'], clearedAtMs?: number): Alarm => ({
    id,
    raisedAtMs: id,
    clearedAtMs,
    severity,
    subject: '',
    kind: '',
    message: '',
  });
  const rows = [alarm(1, 'warning'), alarm(2, 'critical', 9), alarm(3, 'critical'), alarm(4, 'warning'), alarm(5, 'info')];
  expect(inOrder(rows).map(({ id }) => id)).toEqual([3, 4, 1, 5, 2]);
  expect(inOrder(rows, 2)).toHaveLength(2);
});
