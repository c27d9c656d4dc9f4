import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { type EventRequest, eventTimes, LEAD_MS, runningChange, stateAt } from './event-rules.js';
import { limitAt, type OperatorLimit } from './operator-limit.js';
import { type ManualOverride, overridesAt } from './manual-override.js';

const NOW = Date.parse('2026-05-04T10:00:20Z');
const request = (change: Partial<EventRequest> = {}): EventRequest => ({
  direction: 'up',
  powerW: 10_000,
  startMs: NOW + 10 * MINUTE_MS,
  durationMs: 10 * MINUTE_MS,
  priceMicroPerKwh: 350_000,
  ...change,
});

describe('event times', () => {
  it('moves the start up to the next metered interval and says so', () => {
    const times = eventTimes(request(), MINUTE_MS, NOW);
    expect(new Date(times.startMs).toISOString()).toBe('2026-05-04T10:11:00.000Z');
    expect(times.endMs - times.startMs).toBe(10 * MINUTE_MS);
    expect(times.note).toContain('begins at 2026-05-04T10:11Z instead of 2026-05-04T10:10:20.000Z');
  });

  it('says nothing where nothing was moved', () => {
    expect(eventTimes(request({ startMs: Date.parse('2026-05-04T10:30:00Z') }), MINUTE_MS, NOW).note).toBeUndefined();
  });

  it('takes "now" for the next interval that leaves time to prepare', () => {
    expect(new Date(eventTimes(request({ startMs: NOW }), MINUTE_MS, NOW).startMs).toISOString()).toBe('2026-05-04T10:01:00.000Z');
    const late = NOW + 37 * SECOND_MS;
    expect(new Date(eventTimes(request({ startMs: late }), MINUTE_MS, late).startMs).toISOString()).toBe('2026-05-04T10:02:00.000Z');
  });

  it('names every fault at once', () => {
    const bad = request({ startMs: NOW - 5 * MINUTE_MS, durationMs: 30 * SECOND_MS, powerW: 0, priceMicroPerKwh: 0.5 });
    expect(() => eventTimes(bad, MINUTE_MS, NOW)).toThrow(/past[\s\S]*1 minute to 24 hours[\s\S]*powerW[\s\S]*priceMicroPerKwh/);
    expect(() => eventTimes(request({ startMs: Number.NaN }), MINUTE_MS, NOW)).toThrow(/startMs/);
    expect(() => eventTimes(request({ durationMs: 25 * 60 * MINUTE_MS }), MINUTE_MS, NOW)).toThrow(/24 hours/);
  });

  it('ask for a watt at least, announced or changed while the event runs', () => {
    expect(() => eventTimes(request({ powerW: 0.9 }), MINUTE_MS, NOW)).toThrow(/powerW: an event asks for 1 W/);
    const running = { ...request(), startMs: NOW - MINUTE_MS, endMs: NOW + 9 * MINUTE_MS };
    expect(() => runningChange(running, { powerW: 0.9 }, MINUTE_MS, NOW)).toThrow(/powerW: an event asks for 1 W/);
    expect(runningChange(running, { powerW: 1 }, MINUTE_MS, NOW)).toMatchObject({ powerW: 1 });
  });

  test.prop([
    fc.integer({ min: 0, max: 30 * 86_400_000 }),
    fc.integer({ min: MINUTE_MS, max: 86_400_000 }),
    fc.constantFrom(1, 5, 15, 30, 60),
  ])('stands on interval boundaries, never early, never shorter than asked', (inMs, durationMs, minutes) => {
    const [intervalMs, asked] = [minutes * MINUTE_MS, request({ startMs: NOW + inMs, durationMs })];
    const { startMs, endMs } = eventTimes(asked, intervalMs, NOW);
    expect(startMs % intervalMs).toBe(0);
    expect(endMs % intervalMs).toBe(0);
    expect(startMs).toBeGreaterThanOrEqual(Math.max(asked.startMs, NOW + LEAD_MS));
    expect(startMs - asked.startMs).toBeLessThan(intervalMs + LEAD_MS);
    expect(endMs - startMs).toBeGreaterThanOrEqual(durationMs);
    expect(endMs - startMs - durationMs).toBeLessThan(intervalMs);
  });
});

it('runs through its states by the clock, and stays settled or cancelled', () => {
  const event = { startMs: 100, endMs: 200, state: 'announced' } as const;
  expect([99, 100, 199, 200].map((nowMs) => stateAt(event, nowMs))).toEqual(['announced', 'active', 'active', 'ended']);
  expect(stateAt({ ...event, state: 'cancelled' }, 150)).toBe('cancelled');
  expect(stateAt({ ...event, state: 'settled' }, 50)).toBe('settled');
});

describe('operator limits', () => {
  const limit = (id: number, valueW: number, change: Partial<OperatorLimit> = {}): OperatorLimit => ({
    id,
    scope: 'home-01',
    kind: 'export',
    valueW,
    startMs: 100,
    endMs: 200,
    reason: 'test',
    setBy: 'dso',
    setAtMs: 90,
    ...change,
  });

  it('holds the tightest of several, only where and while it is in force', () => {
    const limits = [
      limit(1, 3_000),
      limit(2, 1_000),
      limit(3, 0, { scope: 'home-02' }),
      limit(4, 0, { kind: 'import' }),
      limit(5, 0, { withdrawnAtMs: 120 }),
    ];
    expect(limitAt(limits, 'home-01', 'export', undefined, 110)).toMatchObject({ kind: 'set', valueW: 0 });
    expect(limitAt(limits, 'home-01', 'export', undefined, 150)).toMatchObject({ kind: 'set', valueW: 1_000 });
    expect(limitAt(limits, 'home-01', 'export', undefined, 200)).toEqual({ kind: 'none' });
  });

  it('falls to the safe limit of an enrolled site when the operator falls silent', () => {
    expect(limitAt([limit(1, 3_000)], 'home-01', 'export', 500, 200)).toEqual({ kind: 'safe', valueW: 500 });
    expect(limitAt([limit(1, 3_000)], 'home-01', 'export', 500, 199)).toMatchObject({ kind: 'set', valueW: 3_000 });
  });
});

it('lets the override set last hold on a device', () => {
  const override = (id: number, setAtMs: number, change: Partial<ManualOverride> = {}): ManualOverride => ({
    id,
    deviceId: 'b1',
    setpoint: { kind: 'battery-power', powerW: id },
    startMs: setAtMs,
    endMs: 500,
    reason: 'test',
    setBy: 'anna',
    setAtMs,
    ...change,
  });
  const all = [override(2, 200), override(1, 100), override(3, 300, { withdrawnAtMs: 350 })];
  expect([150, 250, 320, 400, 500].map((nowMs) => overridesAt(all, nowMs).get('b1')?.id)).toEqual([1, 2, 3, 2, undefined]);
});
