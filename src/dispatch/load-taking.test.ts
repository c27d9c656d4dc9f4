import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { CHARGER } from '../fleet/charger.fixture.js';
import { mostTakenW, mostToldW, type Taking, toldFor, watchTaking } from './load-taking.js';

const RATED_W = 22_080;
const wallbox = { ...CHARGER, ratedW: RATED_W };

/** A charger of 22 kW that is watched second by second; `carW` says what the car draws of what the charger is told. */
class Watched {
  taking: Taking | undefined;
  private atMs = 0;

  /** What it draws in the end. */
  pass(seconds: number, carW: (toldW: number) => number, toldW: () => number = () => RATED_W, state = 3): number {
    let drawsW = 0;
    for (let second = 0; second < seconds; second += 1) {
      const mayW = toldW();
      drawsW = carW(mayW);
      this.atMs += 1_000;
      this.taking = watchTaking(
        this.taking,
        { 'flexible.powerW': 0 - drawsW, 'flexible.state': state },
        { ratedPhases: 3, mayW },
        this.atMs,
      );
    }
    return drawsW;
  }

  /** Told no more than is of use to it. */
  useful = (): number => mostToldW(wallbox, this.taking);
  get takesW(): number | undefined {
    return this.taking?.takesW;
  }
}

const car = (mostW: number) => (toldW: number) => Math.min(toldW, mostW);
const onOnePhase = (mostW: number) => (toldW: number) => Math.min(toldW / 3, mostW);

describe('what a car takes', () => {
  it('is learnt from what it draws steadily below its limit', () => {
    const watched = new Watched();
    watched.pass(60, car(11_000));
    expect(watched.takesW).toBeUndefined();
    watched.pass(1, car(11_000));
    expect(watched.takesW).toBe(11_000);
    expect(watched.pass(120, car(11_000), watched.useful)).toBe(11_000);
    expect(watched.useful()).toBe(11_000 + 690 + 550);
  });

  it('is not learnt under a limit that binds, nor from a car that comes up or wavers', () => {
    const bound = new Watched();
    bound.pass(300, car(11_000), () => 11_400);
    expect(bound.takesW).toBeUndefined();
    const wavers = new Watched();
    for (let turn = 0; turn < 20; turn += 1) wavers.pass(30, car(turn % 2 === 0 ? 8_000 : 9_000));
    expect(wavers.takesW).toBeUndefined();
  });

  it('is less when its battery gets full', () => {
    const watched = new Watched();
    watched.pass(90, car(11_000));
    watched.pass(90, car(5_000), watched.useful);
    expect(watched.takesW).toBe(5_000);
  });

  it('is forgotten when it draws more, and when it leaves', () => {
    const more = new Watched();
    more.pass(90, car(5_000));
    more.pass(2, car(11_000), more.useful);
    expect(more.takesW).toBeUndefined();
    const gone = new Watched();
    gone.pass(90, car(5_000));
    gone.pass(10, () => 0, gone.useful, 2);
    expect(gone.takesW).toBe(5_000);
    gone.pass(1, () => 0, gone.useful, 0);
    expect(gone.takesW).toBeUndefined();
  });

  it('is not learnt from one that draws what it could on fewer phases', () => {
    const watched = new Watched();
    watched.pass(300, onOnePhase(7_360));
    expect(watched.takesW).toBeUndefined();
  });

  it('is told three times as much to one that turns out to be on a single phase', () => {
    const watched = new Watched();
    watched.pass(90, onOnePhase(6_000));
    expect(watched.pass(5, onOnePhase(6_000), watched.useful)).toBeLessThan(2_500);
    expect(watched.pass(30, onOnePhase(6_000), watched.useful)).toBe(6_000);
    expect(watched.taking).toMatchObject({ takesW: 6_000, share: 1 / 3 });
    expect(toldFor(wallbox, watched.taking, 2_000)).toBe(6_000);
    watched.pass(30, car(11_000));
    expect(watched.taking?.share).toBe(1);
  });

  it('shows that it is on a single phase by coming down by a third of its limit, though it never drew less than it could', () => {
    const watched = new Watched();
    watched.pass(90, onOnePhase(7_360));
    watched.pass(30, onOnePhase(7_360), () => 6_000);
    expect(watched.taking).toMatchObject({ share: 1 / 3 });
    const full = new Watched();
    full.pass(90, car(RATED_W / 3));
    full.pass(30, car(RATED_W / 3), () => 10_000);
    expect(full.taking).toMatchObject({ share: 1 });
  });

  it('is not cut down to by what less than its least power on all phases would be', () => {
    const watched = new Watched();
    watched.pass(90, onOnePhase(3_680));
    expect(watched.pass(1, onOnePhase(3_680), watched.useful)).toBe(3_680);
    expect(watched.useful()).toBeLessThan(14_000);
  });

  it('is no matter of phases where a battery that gets full happens to draw a third', () => {
    const watched = new Watched();
    watched.pass(90, car(11_000));
    watched.pass(60, car(11_000), watched.useful);
    watched.pass(60, car(watched.useful() / 3), watched.useful);
    expect(watched.taking?.share).toBe(1);
  });

  it('counts as what it could take where it says no state, while it draws', () => {
    const seen = Array.from({ length: 70 }).reduce<Taking | undefined>(
      (known, _, second) => watchTaking(known, { 'flexible.powerW': -1_000 }, { ratedPhases: 1, mayW: 3_000 }, second * 1_000),
      undefined,
    );
    expect(seen?.takesW).toBe(1_000);
    expect(mostTakenW({ ...CHARGER, ratedW: 3_000 }, seen)).toBe(1_000);
    expect(mostTakenW(CHARGER, undefined)).toBe(10_000);
  });

  const phases = fc.constantFrom(1 as const, 3 as const);
  test.prop(
    [
      fc.array(fc.record({ mostW: fc.integer({ min: 1_400, max: 22_000 }), seconds: fc.integer({ min: 70, max: 400 }) }), {
        minLength: 1,
        maxLength: 5,
      }),
      phases,
      fc.integer({ min: 4_140, max: RATED_W }),
    ],
    { numRuns: 500 },
  )('never keeps a car for long from what it could draw under its limit', (turns, onPhases, limitW) => {
    const watched = new Watched();
    const toldW = (): number => Math.min(limitW, watched.useful());
    for (const { mostW, seconds } of turns) {
      const draws = onPhases === 1 ? onOnePhase(mostW) : car(mostW);
      watched.pass(seconds, draws, toldW);
      // Half an ampere on each phase is not told from what a control is off.
      expect(watched.pass(60, draws, toldW)).toBeGreaterThanOrEqual(0.95 * draws(limitW) - 345);
    }
  });
});
