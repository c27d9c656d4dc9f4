import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, SECOND_MS } from '../kernel/units.js';
import { type GeneratorState, initialGenerator, stepGenerator } from './generator.js';
import { GENERATOR } from './sites.fixture.js';

const told = (state: GeneratorState, run: boolean, powerW: number, heartbeatS: number): void => {
  Object.assign(state, { run, powerW, heartbeatMs: heartbeatS * SECOND_MS });
};
const pass = (state: GeneratorState, seconds: number): number => stepGenerator(state, GENERATOR, seconds * SECOND_MS);

describe('a generator', () => {
  it('warms up, runs up to its power, cools down and rests', () => {
    const state = initialGenerator(GENERATOR);
    told(state, true, 10_000, 3_600);
    pass(state, 29);
    expect([state.phase, state.outputW]).toEqual(['warming-up', 0]);
    pass(state, 6);
    expect([state.phase, state.outputW]).toEqual(['running', 5_000]);
    pass(state, 600);
    expect(state.outputW).toBe(10_000);
    told(state, false, 0, 0);
    pass(state, 1);
    expect(state.phase).toBe('cooling-down');
    pass(state, 60);
    expect([state.phase, state.outputW]).toEqual(['stopped', 0]);
  });

  it('is asked to stop too early, and runs its minimum time out first', () => {
    const state = initialGenerator(GENERATOR);
    told(state, true, 10_000, 3_600);
    pass(state, 60);
    told(state, false, 0, 0);
    pass(state, 200);
    expect([state.phase, state.outputW]).toEqual(['running', GENERATOR.minW]);
    pass(state, 71);
    expect(state.phase).toBe('cooling-down');
  });

  it('stops by itself when nobody beats its heart', () => {
    const state = initialGenerator(GENERATOR);
    told(state, true, 10_000, 400);
    pass(state, 399);
    expect([state.phase, state.run]).toEqual(['running', true]);
    pass(state, 2);
    expect([state.phase, state.run]).toEqual(['cooling-down', false]);
  });

  it('fails to start, and is ready again once the failure is acknowledged', () => {
    const state = initialGenerator(GENERATOR);
    told(state, true, 10_000, 3_600);
    stepGenerator(state, GENERATOR, 40 * SECOND_MS, true);
    expect(state.phase).toBe('failed');
    told(state, false, 0, 0);
    pass(state, 1);
    expect(state.phase).toBe('stopped');
  });

  it('runs dry, and is filled up', () => {
    const thirsty = { ...GENERATOR, tankLitres: 2 };
    const state = initialGenerator(thirsty);
    told(state, true, 20_000, 36_000);
    stepGenerator(state, thirsty, HOUR_MS);
    expect(state.phase).toBe('failed');
    expect(state.burntLitres).toBeCloseTo(2, 9);
    expect(state.fuelLitres).toBe(2);
  });

  const commands = fc.array(
    fc.record({
      run: fc.boolean(),
      powerW: fc.integer({ min: 0, max: 40_000 }),
      heartbeatS: fc.integer({ min: 0, max: 900 }),
      seconds: fc.integer({ min: 1, max: 1_200 }),
    }),
    { minLength: 1, maxLength: 25 },
  );

  test.prop([commands])('never breaks its minimum times, whatever it is told', (story) => {
    const state = initialGenerator(GENERATOR);
    let last = state.phase;
    let [upS, downS, warmS] = [0, Infinity, 0];
    for (const { run, powerW, heartbeatS, seconds } of story) {
      told(state, run, powerW, heartbeatS);
      for (let second = 0; second < seconds; second += 1) {
        pass(state, 1);
        if (state.phase !== last) {
          if (state.phase === 'running') expect(warmS).toBeGreaterThanOrEqual(GENERATOR.warmUpS - 1);
          if (last === 'running') expect(upS).toBeGreaterThanOrEqual(GENERATOR.minUpS - 1);
          if (state.phase === 'warming-up') expect(downS).toBeGreaterThanOrEqual(GENERATOR.minDownS - 1);
          if (state.phase === 'running') upS = 0;
          if (state.phase === 'warming-up') warmS = 0;
          if (state.phase === 'cooling-down') downS = 0;
        }
        upS += state.phase === 'running' ? 1 : 0;
        warmS += state.phase === 'warming-up' ? 1 : 0;
        downS += state.phase === 'running' || state.phase === 'warming-up' ? 0 : 1;
        last = state.phase;
      }
    }
  });

  test.prop([commands])('conserves fuel and energy, in one step as in many', (story) => {
    const [whole, slices] = [initialGenerator(GENERATOR), initialGenerator(GENERATOR)];
    for (const { run, powerW, heartbeatS, seconds } of story) {
      told(whole, run, powerW, heartbeatS);
      told(slices, run, powerW, heartbeatS);
      const before = whole.producedWh;
      const meanW = stepGenerator(whole, GENERATOR, seconds * SECOND_MS);
      for (let second = 0; second < seconds; second += 1) pass(slices, 1);
      expect((meanW * seconds * SECOND_MS) / HOUR_MS).toBeCloseTo(whole.producedWh - before, 6);
      expect(meanW).toBeLessThanOrEqual(GENERATOR.maxW + 1e-6);
      expect(whole.fuelLitres).toBeCloseTo(GENERATOR.tankLitres + whole.deliveredLitres - whole.burntLitres, 6);
      expect(whole.phase).toBe(slices.phase);
      expect(whole.producedWh).toBeCloseTo(slices.producedWh, 4);
    }
    expect(whole.burntLitres).toBeGreaterThanOrEqual(
      ((whole.producedWh - initialGenerator(GENERATOR).producedWh) / 1_000) * GENERATOR.litresPerKwh - 1e-6,
    );
  });
});
