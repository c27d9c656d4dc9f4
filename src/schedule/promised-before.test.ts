import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../kernel/units.js';
import { solvePlan } from './adapters/highs-plan.js';
import { anyProblem, planWithin } from './any-problem.fixture.js';
import { parseProblem } from './parse-problem.js';
import { planFaults } from './plan-check.js';
import { type PlanningProblem, stepsOf } from './problem.js';
import { withPromises } from './promised-before.js';
import type { Schedule } from './schedule.js';
import { readProblem } from './statement/read-problem.js';

const START_MS = Date.UTC(2024, 5, 1);
const exactly = { gap: 1e-6, timeLimitS: 20 };

const home = (importMicroPerKwh: number[], startMs = START_MS): PlanningProblem =>
  parseProblem({
    version: 1,
    currency: 'EUR',
    startMs,
    stepMinutes: importMicroPerKwh.map(() => 60),
    sites: [{ id: 'home', loadW: [0, 0, 0, 4_000].slice(-importMicroPerKwh.length), pvW: 0, importMicroPerKwh, exportMicroPerKwh: 0 }],
    batteries: [
      {
        id: 'battery',
        siteId: 'home',
        capacityWh: 10_000,
        minEnergyWh: 0,
        maxEnergyWh: 10_000,
        initialEnergyWh: 0,
        maxChargeW: 5_000,
        maxDischargeW: 5_000,
        chargeEfficiency: 1,
        dischargeEfficiency: 1,
      },
    ],
    generators: [{ id: 'genset', siteId: 'home', minW: 1_000, maxW: 4_000, runningMicroPerKwh: 395_000, initial: { on: false } }],
  });

const planned = async (problem: PlanningProblem): Promise<Schedule> => {
  const plan = await solvePlan(problem, exactly);
  expect(planFaults(problem, plan)).toEqual([]);
  return plan;
};
const charges = ({ batteries }: Schedule): number[] => batteries[0]!.powerW.map((powerW) => Math.round(powerW));

describe('a new plan', () => {
  it('stays with the old one where the new one gains too little, and leaves it where it gains enough', async () => {
    const before = await planned(home([300_000, 100_000, 102_000, 400_000]));
    expect(charges(before)).toEqual([0, -4_000, 0, 4_000]);
    const changed = (second: number): PlanningProblem => home([300_000, second, 102_000, 400_000]);
    const calm = (second: number): PlanningProblem => withPromises(changed(second), stepsOf(changed(second)), { plan: before }, 8_000);
    expect(charges(await planned(changed(104_000)))).toEqual([0, 0, -4_000, 4_000]);
    expect(charges(await planned(calm(104_000)))).toEqual(charges(before));
    expect(charges(await planned(calm(130_000)))).toEqual([0, 0, -4_000, 4_000]);
  });

  it('does not start what was to stand for a trifle', async () => {
    const flat = { importMicroPerKwh: 390_000 };
    const unit = (more: object): PlanningProblem => {
      const problem = home([390_000, 390_000, 390_000, 390_000]);
      return { ...problem, batteries: [], sites: problem.sites.map((site) => ({ ...site, ...flat, loadW: 4_000, ...more })) };
    };
    const before = await planned(unit({}));
    const dearer = unit({ importMicroPerKwh: 400_000 });
    expect((await planned(dearer)).generators[0]!.on).toEqual([true, true, true, true]);
    expect((await planned(withPromises(dearer, stepsOf(dearer), { plan: before }, 8_000))).generators[0]!.on).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect((await planned(withPromises(dearer, stepsOf(dearer), { plan: before }, 2_000))).generators[0]!.on).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('finds what was said by the clock, and promises nothing beyond it or of a fallback', async () => {
    const before = await planned(home([300_000, 100_000, 102_000, 400_000]));
    const later = home([100_000, 102_000, 400_000, 400_000], START_MS + HOUR_MS);
    const { promises } = withPromises(later, stepsOf(later), { plan: before }, 1);
    expect(promises!.batteries[0]!.powerW).toEqual([...before.batteries[0]!.powerW.slice(1), null]);
    expect(withPromises(later, stepsOf(later), { plan: { ...before, status: 'fallback' } }, 1).promises).toBeUndefined();
    expect(withPromises(later, stepsOf(later), { plan: undefined }, 1).promises).toBeUndefined();
  });

  it('takes nothing for promised that a person had set by hand', async () => {
    const free = home([300_000, 100_000, 102_000, 400_000]);
    const posed: PlanningProblem = {
      ...free,
      batteries: free.batteries.map((battery) => ({ ...battery, override: { powerW: [-1_000, -1_000, null, null] } })),
      generators: free.generators.map((generator) => ({ ...generator, override: { powerW: [null, 2_000, null, null] } })),
    };
    const plan = await planned(posed);
    const { promises } = withPromises(free, stepsOf(free), { plan, posed }, 1);
    expect(promises!.batteries[0]!.powerW).toEqual([null, null, ...plan.batteries[0]!.powerW.slice(2)]);
    expect(promises!.generators[0]!.on).toEqual([false, null, false, false]);
  });
});

describe('whatever was promised', () => {
  test.prop([anyProblem, fc.integer({ min: 0, max: 100_000 }), fc.boolean()], { numRuns: 30 })(
    'the plan keeps every rule, and loses no more than what it stays with is worth',
    async (problem, changeMicroPerKwh, on) => {
      const steps = stepsOf(problem);
      const promises = {
        changeMicroPerKwh,
        batteries: problem.batteries.map(({ id }) => ({ id, powerW: steps.map((_, step) => (step % 3 === 2 ? null : 1_000)) })),
        generators: problem.generators.map(({ id }) => ({ id, on: steps.map((_, step) => (step % 4 === 3 ? null : on)) })),
      };
      const calm = { ...problem, promises };
      expect(readProblem(calm).faults).toEqual([]);
      const quickly = { gap: 1e-4, timeLimitS: 3 };
      const [plan, free] = [await planWithin(calm, quickly), await planWithin(problem, quickly)];
      expect(planFaults(calm, plan)).toEqual([]);
      const kwh = (one: Schedule): number =>
        steps.reduce((sum, { startMs, endMs }, step) => {
          const batteriesW = one.batteries.reduce((all, { powerW }) => all + (step % 3 === 2 ? 0 : Math.abs(powerW[step]! - 1_000)), 0);
          const generatorsW = one.generators.reduce(
            (all, unit, g) => all + (step % 4 === 3 || unit.on[step] === on ? 0 : problem.generators[g]!.maxW),
            0,
          );
          return sum + ((batteriesW + generatorsW) / 1_000) * ((endMs - startMs) / HOUR_MS);
        }, 0);
      const unlike = plan.breaches.length + free.breaches.length > 0 || [plan, free].some(({ status }) => status !== 'optimal');
      const lostMicro = plan.costMicro - free.costMicro;
      expect(unlike || lostMicro <= changeMicroPerKwh * kwh(free) + 5_000 + 4e-4 * Math.abs(free.costMicro)).toBe(true);
    },
  );
});
