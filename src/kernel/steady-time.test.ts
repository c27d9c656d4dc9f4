import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { SteadyTime } from './steady-time.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from './units.js';

const T0 = Date.UTC(2026, 9, 1);

/** A machine whose wall clock is set while time passes. */
class Machine {
  private wallMs = T0;
  private monotonicMs = 5_000;
  readonly time = new SteadyTime(this.wallMs, this.monotonicMs);

  after(ms: number, setMs = 0): number {
    this.monotonicMs += ms;
    this.wallMs += ms + setMs;
    return this.time.now(this.wallMs, this.monotonicMs);
  }

  /** A machine that sleeps: its monotonic clock sleeps too. */
  sleep(ms: number): number {
    this.wallMs += ms;
    return this.time.now(this.wallMs, this.monotonicMs);
  }
}

describe('time that never goes back', () => {
  it('is the wall clock’s while nobody sets that', () => {
    const machine = new Machine();
    expect([machine.after(0), machine.after(1_000), machine.after(HOUR_MS)]).toEqual([T0, T0 + 1_000, T0 + 1_000 + HOUR_MS]);
    expect(machine.time.aheadOfWallMs).toBe(0);
  });

  it('makes good a second without a leap, in either direction', () => {
    for (const setMs of [SECOND_MS, -SECOND_MS]) {
      const machine = new Machine();
      const at = machine.after(1_000, setMs);
      expect(at).toBe(T0 + 1_000 + Math.sign(setMs) * 50);
      expect(machine.after(MINUTE_MS)).toBe(T0 + 1_000 + setMs + MINUTE_MS);
    }
  });

  it('follows a clock that leaps ahead at once: a machine that slept has missed the time', () => {
    const machine = new Machine();
    machine.after(1_000);
    expect(machine.sleep(HOUR_MS)).toBe(T0 + 1_000 + HOUR_MS);
  });

  it('counts what it leapt over, and nothing that passed, was made good, or came from an earlier run', () => {
    const machine = new Machine();
    machine.after(1_000, SECOND_MS);
    machine.after(HOUR_MS, -MINUTE_MS);
    machine.time.goOnFrom(T0 + 3 * HOUR_MS);
    machine.after(MINUTE_MS);
    expect(machine.time.leaptMs).toBe(0);
    machine.sleep(4 * HOUR_MS);
    expect(machine.time.leaptMs).toBeGreaterThan(HOUR_MS);
    const leaptMs = machine.time.leaptMs;
    machine.after(MINUTE_MS, 5 * MINUTE_MS);
    expect(machine.time.leaptMs).toBe(leaptMs + 5 * MINUTE_MS);
  });

  it('goes on when the clock is set back by an hour, knows that it is ahead, and is right again within a day', () => {
    const machine = new Machine();
    const at = machine.after(1_000, -HOUR_MS);
    expect(at).toBe(T0 + 950);
    expect(machine.time.aheadOfWallMs).toBe(HOUR_MS - 50);
    let last = at;
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      const next = machine.after(MINUTE_MS);
      expect(next - last).toBeGreaterThanOrEqual(0.94 * MINUTE_MS);
      last = next;
    }
    expect(machine.time.aheadOfWallMs).toBe(0);
    expect(last).toBe(T0 + 1_000 - HOUR_MS + 24 * HOUR_MS);
  });

  it('goes on from where an earlier run had come', () => {
    const machine = new Machine();
    machine.time.goOnFrom(T0 + HOUR_MS);
    expect(machine.after(1_000)).toBe(T0 + HOUR_MS + 950);
    machine.time.goOnFrom(T0);
    expect(machine.after(1_000)).toBe(T0 + HOUR_MS + 1_900);
  });
});

test.prop([fc.array(fc.record({ ms: fc.integer({ min: 0, max: 100_000 }), setMs: fc.integer({ min: -5_000_000, max: 5_000_000 }) }))])(
  'time never goes back, whatever is done to the clock, and never runs slower than nineteen twentieths',
  (moves) => {
    const machine = new Machine();
    let last = machine.after(0);
    for (const { ms, setMs } of moves) {
      const next = machine.after(ms, setMs);
      expect(next).toBeGreaterThanOrEqual(last + Math.floor(0.95 * ms) - 1);
      last = next;
    }
  },
);
