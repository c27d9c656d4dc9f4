import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../kernel/units.js';
import { solvePlan } from './adapters/highs-plan.js';
import { meritOrder } from './merit-order.js';
import { parseProblem } from './parse-problem.js';
import { planFaults } from './plan-check.js';
import type { PlanningProblem } from './problem.js';
import type { Schedule } from './schedule.js';

const START_MS = Date.UTC(2024, 0, 1, 7);

const home = (more: object = {}): object => ({
  id: 'home',
  loadW: 1_000,
  pvW: 0,
  importMicroPerKwh: 300_000,
  exportMicroPerKwh: 80_000,
  ...more,
});

const battery = (more: object = {}): object => ({
  id: 'battery',
  siteId: 'home',
  capacityWh: 10_000,
  minEnergyWh: 0,
  maxEnergyWh: 10_000,
  initialEnergyWh: 5_000,
  maxChargeW: 5_000,
  maxDischargeW: 5_000,
  chargeEfficiency: 1,
  dischargeEfficiency: 1,
  ...more,
});

const car = (more: object = {}): object => ({
  id: 'car',
  siteId: 'home',
  maxW: 7_000,
  energyWh: 10_000,
  startMs: START_MS,
  endMs: START_MS + 3 * HOUR_MS,
  ...more,
});

const problemOf = (more: object): PlanningProblem =>
  parseProblem({ version: 1, currency: 'EUR', startMs: START_MS, stepMinutes: [60, 60, 60, 60], sites: [home()], ...more });

const planned = async (problem: PlanningProblem): Promise<Schedule> => {
  const plan = await solvePlan(problem, { gap: 1e-6, timeLimitS: 20 });
  expect(planFaults(problem, plan)).toEqual([]);
  expect(planFaults(problem, meritOrder(problem, 'asked for'))).toEqual([]);
  return plan;
};

describe('a load that can be moved', () => {
  it('draws in the cheap hours before it is wanted', async () => {
    const site = home({ importMicroPerKwh: [300_000, 100_000, 200_000, 50_000] });
    const plan = await planned(problemOf({ sites: [site], flexibleLoads: [car()] }));
    expect(plan.loads[0]!.drawW.map(Math.round)).toEqual([0, 7_000, 3_000, 0]);
    expect(plan.sites[0]!.gridW.map(Math.round)).toEqual([1_000, 8_000, 4_000, 1_000]);
  });

  it('draws its least power or none', async () => {
    const site = home({ loadW: 0, pvW: [2_000, 5_000, 3_000, 0], exportMicroPerKwh: 0 });
    const plan = await planned(problemOf({ sites: [site], flexibleLoads: [car({ minW: 4_000, energyWh: 5_000 })] }));
    expect(plan.loads[0]!.drawW.map(Math.round)).toEqual([0, 5_000, 0, 0]);
  });

  it('says what it lacks', async () => {
    const plan = await planned(problemOf({ flexibleLoads: [car({ energyWh: 25_000 })] }));
    expect(plan.breaches).toMatchObject([{ kind: 'load-energy', subject: 'car', step: 2, size: 4_000 }]);
  });
});

describe('whatever it costs', () => {
  it.each<[string, object, object]>([
    ['a peak', { demandCharge: { microPerKw: 150_000_000 } }, {}],
    ['wear', {}, { wearMicroPerKwh: 10 ** 10 }],
    ['what is left at the end', {}, { terminalMicroPerKwh: 10 ** 10 }],
  ])('no limit or wish that can be met bends for %s', async (_, site, device) => {
    const sites = [home({ loadW: 9_000, importLimitW: 8_000, importMicroPerKwh: 100_000, ...site })];
    const plan = await planned(problemOf({ sites, batteries: [battery(device)] }));
    expect(plan.breaches).toEqual([]);
    const other = problemOf({ sites: [home({ importMicroPerKwh: 100_000, ...site })], flexibleLoads: [car()] });
    expect((await planned(other)).breaches).toEqual([]);
  });
});

describe('a connection', () => {
  it('that pays for its peak has it cut', async () => {
    const site = home({ loadW: [1_000, 6_000, 1_000, 1_000], demandCharge: { microPerKw: 5_000_000, peakW: 1_500 } });
    const plan = await planned(
      problemOf({ sites: [site], batteries: [battery({ dischargeToGrid: false, terminalMicroPerKwh: 300_000 })] }),
    );
    expect(plan.sites[0]!.gridW[1]).toBeCloseTo(1_500, 0);
    expect(plan.cost.demandMicro).toBeCloseTo(0, -3);
  });

  it('shares a feeder', async () => {
    const sites = [home(), home({ id: 'other' })];
    const feeders = [{ id: 'north', siteIds: ['home', 'other'], importLimitW: 500 }];
    const plan = await planned(problemOf({ sites, batteries: [battery({ initialEnergyWh: 3_000 })], feeders }));
    expect(plan.breaches.every(({ kind, subject }) => kind === 'fleet-import-limit' && subject === 'north')).toBe(true);
    expect(plan.breaches.reduce((sum, { size }) => sum + size, 0)).toBeCloseTo(3_000, -1);
  });

  it('earns nothing beyond its limit', async () => {
    const plan = await planned(problemOf({ sites: [home({ pvW: 6_000, pvMinW: 6_000, exportLimitW: 2_000 })] }));
    expect(plan.cost.exportMicro / 1e6).toBeCloseTo(-4 * 2 * 0.08, 6);
    expect(plan.breaches).toHaveLength(4);
  });
});

describe('a battery', () => {
  it('is filled beyond its range before a connection passes sun that cannot be left', async () => {
    const site = home({ loadW: 0, pvW: 1_000, pvMinW: 1_000, exportLimitW: 0 });
    const full = battery({ maxEnergyWh: 9_000, initialEnergyWh: 9_000, chargeEfficiency: 1 });
    const plan = await planned(problemOf({ sites: [site], batteries: [full] }));
    expect(plan.batteries[0]!.energyWh.at(-1)).toBeCloseTo(10_000, 0);
    expect(plan.breaches.filter(({ kind }) => kind === 'export-limit').reduce((sum, { size }) => sum + size, 0)).toBeCloseTo(3_000, 0);
  });

  it('takes on its DC side what the inverter could not pass', async () => {
    const site = home({ pvW: [6_000, 0, 0, 0], inverterLimitW: 4_000 });
    const plan = await planned(problemOf({ sites: [site], batteries: [battery({ terminalMicroPerKwh: 90_000 })] }));
    expect(plan.sites[0]!.curtailedW[0]).toBeCloseTo(0, 0);
    expect(plan.batteries[0]!.powerW[0]).toBeLessThanOrEqual(-1_999);
  });

  it('charges what it is told to until it is full', async () => {
    const chargeDemands = [0, 1, 2, 3].map((step) => ({ step, energyWh: 2_000 }));
    const plan = await planned(problemOf({ batteries: [battery({ chargeDemands, minChargeW: 1_500 })] }));
    expect(plan.batteries[0]!.energyWh.map(Math.round)).toEqual([7_000, 9_000, 10_000, 10_000]);
    expect(plan.breaches).toEqual([]);
  });

  it('says where it is not told right', async () => {
    const plan = await planned(problemOf({ batteries: [battery({ chargeDemands: [{ step: 0, energyWh: 8_000 }], initialEnergyWh: 0 })] }));
    expect(plan.breaches).toMatchObject([{ kind: 'charge-demand', subject: 'battery', step: 0, size: 3_000 }]);
  });

  it('spends no more than its share of a year’s throughput', async () => {
    const throughput = { limitWh: 101_000, usedWh: 1_000, endMs: START_MS + 200 * HOUR_MS };
    const plan = await planned(problemOf({ batteries: [battery({ throughput })] }));
    expect(plan.batteries[0]!.powerW.reduce((sum, powerW) => sum + powerW, 0)).toBeCloseTo(2_000, 0);
  });
});
