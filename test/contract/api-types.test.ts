import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import { proofKeysSchema, proofStatusSchema } from '../../src/grid/proof-schemas.js';
import * as grid from '../../src/grid/schemas.js';
import { sessionSchema } from '../../src/platform/session.controller.js';
import * as portal from '../../src/portal/schemas.js';
import { homeEventSchema, statementSchema } from '../../src/settlement/views.js';
import type * as Household from '../../src/web/api/household-types.js';
import type * as Web from '../../src/web/api/types.js';

/** What a schema lets out, and what the pages take it for. */
interface Answers {
  session: [typeof sessionSchema, Web.Session];
  plant: [typeof grid.plantInfoSchema, Web.PlantInfo];
  fleetNow: [typeof grid.fleetNowSchema, Web.FleetNow];
  dispatch: [typeof grid.dispatchStateSchema, Web.DispatchState];
  power: [typeof grid.powerSeriesSchema, Web.PowerSeries];
  device: [typeof grid.deviceRowSchema, Web.DeviceRow];
  site: [typeof grid.siteRowSchema, Web.SiteRow];
  event: [typeof grid.gridEventSchema, Web.GridEvent];
  alarm: [typeof grid.alarmSchema, Web.Alarm];
  limit: [typeof grid.heldLimitSchema, Web.HeldLimit];
  lockOut: [typeof grid.lockOutSchema, Web.LockOut];
  plan: [typeof grid.planViewSchema, Web.PlanView];
  homeNow: [typeof portal.homeNowSchema, Household.HomeNow];
  energyDay: [typeof portal.energyDaySchema, Household.EnergyDay];
  proofRow: [typeof portal.proofRowSchema, Household.ProofRow];
  proofKeys: [typeof proofKeysSchema, Household.ProofKeys];
  proofStatus: [typeof proofStatusSchema, Household.ProofStatus];
  statement: [typeof statementSchema, Household.Statement];
  homeEvent: [typeof homeEventSchema, Household.HomeEvent];
}
type Server<Name extends keyof Answers> = z.output<Answers[Name][0]>;
type Page<Name extends keyof Answers> = Answers[Name][1];

/** The same type spelled out to its leaves, so that two of them can be compared as they are. */
type Plain<T> = T extends object ? { -readonly [Key in keyof T]: Plain<T[Key]> } : T;
/** Whether two types are one: each key of each depth, with its type, optional or not. */
type Same<A, B> = (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false;
type Drift = { [Name in keyof Answers]: Same<Server<Name>, Page<Name>> extends true ? never : Name }[keyof Answers];

describe('the pages and the server', () => {
  it('agree on every answer, both ways', () => {
    // Where this line fails to compile, its type names the answers that drifted apart.
    expectTypeOf<Drift>().toBeNever();
    expectTypeOf<Server<'fleetNow'>>().toExtend<Web.FleetNow>();
    expectTypeOf<Web.FleetNow>().toExtend<Server<'fleetNow'>>();
  });

  it('agree on what the pages send', () => {
    expectTypeOf<Web.EventRequest>().toExtend<z.input<typeof grid.eventRequestSchema>>();
    expectTypeOf<z.input<typeof grid.eventRequestSchema>>().toExtend<Web.EventRequest>();
    expectTypeOf<{ optedOut: boolean; reserveFloorPct: number }>().toExtend<z.input<typeof portal.consentSchema>>();
    expectTypeOf<{ reason: string }>().toExtend<z.input<typeof grid.reasonSchema>>();
    expectTypeOf<{ reason: string }>().toExtend<z.input<typeof grid.releaseSchema>>();
  });

  it('would not agree after a key came, went, changed its type or became optional, at any depth', () => {
    type Row = { id: string; readAtMs?: number; points: { atMs: number; loadW?: number }[] };
    expectTypeOf<Same<Row, { id: string; readAtMs?: number; points: { atMs: number; loadW?: number }[] }>>().toEqualTypeOf<true>();
    expectTypeOf<Same<Row, Omit<Row, 'readAtMs'>>>().toEqualTypeOf<false>();
    expectTypeOf<Same<Omit<Row, 'readAtMs'>, Row>>().toEqualTypeOf<false>();
    expectTypeOf<Same<Row, Row & { name?: string }>>().toEqualTypeOf<false>();
    expectTypeOf<Same<Row, { id: string; readAtMs: number; points: Row['points'] }>>().toEqualTypeOf<false>();
    expectTypeOf<Same<Row, { id: number; readAtMs?: number; points: Row['points'] }>>().toEqualTypeOf<false>();
    expectTypeOf<Same<Row, { id: string; readAtMs?: number; points: { atMs: number }[] }>>().toEqualTypeOf<false>();
    expectTypeOf<Same<{ mode: 'demo' }, { mode: 'demo' | 'serve' }>>().toEqualTypeOf<false>();
  });
});

/** Answers as the pages know them, with every optional key; typed as the pages', parsed by the server's schemas. */
const powersW: Web.Powers = { grid: -1_200, pv: 3_000, battery: -500, generator: 0 };
const slot = { startMs: 1_000, endMs: 2_000 };
const full: { [Name in keyof Answers]: Required<Page<Name>> } = {
  session: { name: 'anna', role: 'household', householdId: 'anna' },
  plant: {
    name: 'Two homes',
    mode: 'demo',
    simulated: true,
    replay: 'homes',
    zone: 'Europe/Berlin',
    currency: 'EUR',
    nowMs: 1_000,
    clockOffsetMs: -5,
    intervalMinutes: 1,
    history: { daysDone: 1, daysTotal: 30 },
    ledger: 'embedded',
    demoLogins: [{ name: 'operator', password: 'shown', role: 'operator', title: 'Operator' }],
  },
  fleetNow: {
    atMs: 1_000,
    powersW,
    loadW: 1_300,
    storedWh: 4_000,
    capacityWh: 8_000,
    complete: false,
    sitesMissing: ['bert-home'],
    devices: { online: 4, stale: 1, offline: 0 },
    dispatch: { mode: 'released', reason: 'test', sinceMs: 1, leases: 0 },
    activeEventId: 'EV-0001',
    openAlarms: 2,
  },
  dispatch: { mode: 'holding', reason: 'no readings', sinceMs: 1, leases: 3 },
  power: {
    stepMs: 900_000,
    fromMs: 0,
    toMs: 900_000,
    actual: [{ atMs: 0, gridW: 1, pvW: 2, batteryW: 3, generatorW: 4, loadW: 10, storedWh: 5 }],
    forecast: [{ atMs: 0, loadW: 1, pvW: 2 }],
    plan: [{ atMs: 0 }],
    forecastModel: 'seasonal-naive',
    planIssuedAtMs: 0,
  },
  device: {
    id: 'anna-pv',
    name: 'Roof',
    siteId: 'anna-home',
    siteName: 'Anna',
    role: 'pv',
    profile: 'sunspec',
    ratedW: 5_000,
    address: '127.0.0.1:502 unit 1',
    health: 'stale',
    reason: 'silent',
    readAtMs: 1,
    values: { 'pv.powerW': 3_000 },
    lease: { owner: 'plan', setpoint: 'at most 2 kW', expiresAtMs: 2 },
    decided: [{ control: 'pv-limit', owner: 'plan', reason: 'the plan curtails', cuts: [{ by: 'operator', why: 'at most 1 kW' }] }],
    writes: { lastDay: 1, perDay: 2 },
    lockedOut: false,
  },
  site: {
    id: 'anna-home',
    name: 'Anna',
    kind: 'home',
    householdId: 'anna',
    powersW: { grid: 1 },
    loadW: 1,
    socPct: 50,
    optedOut: false,
    reserveFloorPct: 20,
    missing: ['pv'],
    readAtMs: 1,
  },
  event: {
    id: 'EV-0001',
    direction: 'up',
    powerW: 5_000,
    priceMicroPerKwh: 350_000,
    ...slot,
    state: 'cancelled',
    announcedAtMs: 0,
    announcedBy: 'olga',
    deliveredW: 4_000,
    deliveredWh: 100,
    paidMicro: 35_000,
    participants: 2,
    fairness: 0.9,
    shortfall: { offlineW: 0, reserveW: 0, optedOutW: 0, limitedW: 0, otherW: 0 },
    answer: {
      verdict: 'in-part',
      acceptedW: 4_500,
      shortfall: { offlineW: 500, reserveW: 0, optedOutW: 0, limitedW: 0, otherW: 0 },
      reasons: ['500 W of devices that do not answer'],
    },
  },
  limit: {
    id: 1,
    scope: 'fleet',
    kind: 'export',
    valueW: 40_000,
    setBy: 'dso',
    reason: 'line work',
    startMs: 1,
    endMs: 2,
    powerW: 39_000,
    compliedAtMs: 2,
    exceeded: false,
    unknownMs: 12_000,
  },
  lockOut: { subject: 'anna-pv', reason: 'roof work', byUser: 'olga', sinceMs: 1 },
  alarm: { id: 1, raisedAtMs: 1, clearedAtMs: 2, severity: 'critical', subject: 'anna-pv', kind: 'offline', message: 'silent' },
  plan: {
    issuedAtMs: 1,
    solver: 'highs',
    status: 'Optimal',
    costMicro: 1,
    seconds: 0.1,
    slots: [{ ...slot, gridW: 1, batteryW: 2, generatorW: 3, pvW: 4, loadW: 10, importMicroPerKwh: 300_000 }],
    generators: [{ deviceId: 'gen-1', name: 'Genset', runs: [slot] }],
    breaches: ['import of anna-home'],
  },
  homeNow: {
    atMs: 1,
    householdName: 'Anna',
    siteId: 'anna-home',
    zone: 'Europe/Berlin',
    powersW: {},
    loadW: 1,
    socPct: 50,
    readAtMs: 1,
    missing: [],
    optedOut: false,
    reserveFloorPct: 20,
    loads: [{ id: 'anna-car', name: 'Car', state: 'draws', drawsW: 4_200, held: { by: 'limit', toW: 4_200 } }],
    activeEvent: { id: 'EV-0001', ...slot, deliveredWh: 10, takesPart: true },
  },
  energyDay: {
    date: '2026-05-04',
    producedWh: 1,
    importedWh: 2,
    exportedWh: 3,
    consumedWh: 4,
    chargedWh: 5,
    dischargedWh: 6,
    quality: 'estimated',
    producedQuality: 'measured',
    missingSlots: 1,
  },
  proofRow: {
    leafIndex: 1,
    type: 'correction',
    states: 'anna-meter: 1 Wh',
    superseded: true,
    deviceId: 'anna-meter',
    channel: 'grid',
    ...slot,
    toBusWh: 1,
    fromBusWh: 2,
    quality: 'measured',
    anchor: { signature: 'x', slot: 1, atMs: 1 },
  },
  proofKeys: {
    logKey: 'ab',
    anchorKey: 'cd',
    anchorAddress: 'x',
    origin: 'heliograph.test/plant',
    demoKeys: false,
    assurance: 'software',
    beginsAt: 'here',
  },
  proofStatus: {
    logKey: 'ab',
    anchorKey: 'cd',
    anchorAddress: 'x',
    origin: 'heliograph.test/plant',
    demoKeys: false,
    assurance: 'software',
    beginsAt: 'here',
    ledger: 'embedded',
    rpcUrl: 'http://127.0.0.1:1',
    leaves: 2,
    anchoredLeaves: 1,
    unfinishedAnchors: 1,
    lastAnchor: { signature: 'x', slot: 1, atMs: 1, finalized: true },
    fault: { message: 'away', retryable: true },
    contradictions: 0,
  },
  statement: {
    id: 'anna-2026-05-04',
    date: '2026-05-04',
    currency: 'EUR',
    issuedAtMs: 1,
    state: 'issued',
    totalMicro: 1,
    lines: [
      {
        kind: 'event',
        text: 'You earned it.',
        arithmetic: '1 × 1',
        energyWh: 1,
        priceMicroPerKwh: 1,
        amountMicro: 1,
        eventId: 'EV-0001',
        slotsPaid: 1,
        slotsUnpaid: 0,
      },
    ],
  },
  homeEvent: {
    id: 'EV-0001',
    ...slot,
    state: 'settled',
    takesPart: true,
    deliveredWh: 1,
    earnedMicro: 1,
    baselineDays: 10,
    slots: [{ ...slot, baselineWh: 1, netImportWh: 1, deliveredWh: 0, quality: 'measured' }],
  },
};

const schemas: { [Name in keyof Answers]: Answers[Name][0] } = {
  session: sessionSchema,
  plant: grid.plantInfoSchema,
  fleetNow: grid.fleetNowSchema,
  dispatch: grid.dispatchStateSchema,
  power: grid.powerSeriesSchema,
  device: grid.deviceRowSchema,
  site: grid.siteRowSchema,
  event: grid.gridEventSchema,
  alarm: grid.alarmSchema,
  limit: grid.heldLimitSchema,
  lockOut: grid.lockOutSchema,
  plan: grid.planViewSchema,
  homeNow: portal.homeNowSchema,
  energyDay: portal.energyDaySchema,
  proofRow: portal.proofRowSchema,
  proofKeys: proofKeysSchema,
  proofStatus: proofStatusSchema,
  statement: statementSchema,
  homeEvent: homeEventSchema,
};

it.each(Object.keys(full) as (keyof Answers)[])('the server’s schema of `%s` keeps every key the pages know', (name) => {
  // Unknown keys are dropped by the schema, so a key the server does not know would be missing here.
  expect(schemas[name].parse(full[name])).toEqual(full[name]);
  expect(Object.keys(schemas[name].shape).toSorted()).toEqual(Object.keys(full[name]).toSorted());
});
