import { describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import { askedAt, EVENT_RAMP_MS, type EventCourse, followedAt, quietFromMs } from './event-ramp.js';

const event = (change: Partial<EventCourse> = {}): EventCourse => ({
  id: 'EV-0001',
  direction: 'up',
  powerW: 9_000,
  startMs: 100_000,
  endMs: 400_000,
  state: 'announced',
  ...change,
});

describe('what is asked for', () => {
  it('comes up to an event before its start, is all of it until its end, and goes down after it', () => {
    const at = (atMs: number): number => askedAt(event(), atMs);
    expect([at(100_000 - EVENT_RAMP_MS), at(85_000), at(95_000)]).toEqual([0, 5_400, 9_000]);
    expect([at(100_000), at(250_000), at(400_000)]).toEqual([9_000, 9_000, 9_000]);
    expect([at(410_000), at(400_000 + EVENT_RAMP_MS), at(900_000)]).toEqual([6_000, 0, 0]);
    expect(askedAt(event({ direction: 'down' }), 85_000)).toBe(-5_400);
  });

  it('goes down from a cancelled event in half a minute, from what was asked for then', () => {
    const cancelled = event({ state: 'cancelled', changed: { atMs: 85_000, fromW: 5_400 } });
    expect([85_000, 95_000, 105_000, 115_000].map((atMs) => askedAt(cancelled, atMs))).toEqual([5_400, 3_600, 1_800, 0]);
    expect(quietFromMs(cancelled)).toBe(115_000);
  });

  it('goes down to what is left of an event that asks for less, and comes up to more as to a new one', () => {
    const less = event({ powerW: 3_000, changed: { atMs: 90_000, fromW: 7_200 } });
    expect([90_000, 100_000, 105_000, 115_000, 130_000].map((atMs) => askedAt(less, atMs))).toEqual([7_200, 4_800, 3_600, 3_000, 3_000]);
    const more = event({ powerW: 18_000, changed: { atMs: 85_000, fromW: 5_400 } });
    expect([85_000, 95_000].map((atMs) => askedAt(more, atMs))).toEqual([10_800, 18_000]);
  });

  it('goes over evenly from a trifle the other way', () => {
    const turned = event({ powerW: 90_000, changed: { atMs: 200_000, fromW: -1 } });
    expect([200_000, 210_000, 215_000, 216_000].map((atMs) => askedAt(turned, atMs))).toEqual([-1, 29_999, 45_000, 48_000]);
  });

  test.prop([
    fc.record({
      direction: fc.constantFrom('up' as const, 'down' as const),
      powerW: fc.integer({ min: 1, max: 90_000 }),
      state: fc.constantFrom('announced' as const, 'cancelled' as const),
      startMs: fc.integer({ min: 0, max: 200_000 }),
      fromW: fc.integer({ min: -90_000, max: 90_000 }),
    }),
  ])('never steps after a change, whatever was asked for before it and after', ({ fromW, startMs, ...rest }) => {
    const course = event({ ...rest, startMs, endMs: startMs + 60_000, changed: { atMs: 100_000, fromW } });
    const steepestW = rest.powerW / 25 + rest.powerW / 30 + Math.abs(fromW) / 30 + 3;
    for (let atMs = 100_000; atMs < 400_000; atMs += 1_000)
      expect(Math.abs(askedAt(course, atMs) - askedAt(course, atMs + 1_000))).toBeLessThanOrEqual(steepestW);
    const raised = event({ ...rest, startMs, endMs: startMs + 60_000 });
    const targetW = askedAt(raised, 100_000);
    expect(askedAt(course, 100_000)).toBe(targetW * fromW >= 0 && Math.abs(targetW) > Math.abs(fromW) ? targetW : fromW);
    expect(Math.abs(askedAt(course, quietFromMs(course)))).toBe(0);
  });
});

describe('of several events', () => {
  const first = event({ id: 'first', startMs: 100_000, endMs: 200_000 });
  const second = event({ id: 'second', startMs: 200_000, endMs: 300_000, powerW: 3_000 });
  const third = event({ id: 'third', startMs: 340_000, endMs: 400_000 });
  const at = (atMs: number, events: readonly EventCourse[] = [first, second, third]): unknown => {
    const followed = followedAt(events, atMs);
    return followed && [followed.event.id, followed.direction, followed.powerW];
  };

  it('follows the one that runs, and of two that are near the one that asks for more', () => {
    expect([at(60_000), at(75_000), at(190_000)]).toEqual([undefined, ['first', 'up', 1_800], ['first', 'up', 9_000]]);
    expect([at(305_000), at(325_000), at(435_000)]).toEqual([['second', 'up', 2_500], ['third', 'up', 5_400], undefined]);
  });

  it('does not step from one to the next', () => {
    expect([at(199_999), at(200_000), at(210_000), at(230_000)]).toEqual([
      ['first', 'up', 9_000],
      ['second', 'up', 9_000],
      ['second', 'up', 6_000],
      ['second', 'up', 3_000],
    ]);
  });

  it('goes over from a cancelled one to another in its place', () => {
    const cancelled = event({ id: 'cancelled', state: 'cancelled', changed: { atMs: 85_000, fromW: 5_400 } });
    const small = event({ id: 'small', powerW: 3_000 });
    expect([at(86_000, [cancelled, small]), at(95_000, [cancelled, small]), at(100_000, [cancelled, small])]).toEqual([
      ['cancelled', 'up', 5_220],
      ['cancelled', 'up', 3_600],
      ['small', 'up', 3_000],
    ]);
    const other = event({ id: 'other', powerW: 3_000, direction: 'down' });
    expect([at(85_000, [cancelled, other]), at(94_000, [cancelled, other]), at(100_000, [cancelled, other])]).toEqual([
      ['cancelled', 'up', 3_600],
      ['cancelled', 'up', 900],
      ['other', 'down', 3_000],
    ]);
  });
});
