import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AdapterError } from '../kernel/errors.js';
import { DAY_MS, HOUR_MS } from '../kernel/units.js';
import { databaseOptions } from '../platform/database.js';
import { solvePlan } from './adapters/highs-plan.js';
import { parseProblem } from './parse-problem.js';
import { planFaults } from './plan-check.js';
import { PlanEntity } from './plan.entity.js';
import { PlanService } from './plan.service.js';
import { PlanSolver, type SolveLimits } from './plan-solver.port.js';
import type { PlanningProblem } from './problem.js';
import type { Schedule } from './schedule.js';
import { WorkerSolver } from './worker-solver.js';

const NOW_MS = Date.UTC(2024, 5, 1, 10);
const problem = parseProblem({
  version: 1,
  currency: 'EUR',
  startMs: NOW_MS,
  stepMinutes: [15, 15, 60],
  sites: [{ id: 'home', loadW: 1_234.567, pvW: [3_000, 2_000, 0], importMicroPerKwh: 300_000, exportMicroPerKwh: 80_000 }],
  batteries: [
    {
      id: 'battery',
      siteId: 'home',
      capacityWh: 8_000,
      minEnergyWh: 800,
      maxEnergyWh: 8_000,
      initialEnergyWh: 1_000,
      maxChargeW: 4_000,
      maxDischargeW: 4_000,
      chargeEfficiency: 0.95,
      dischargeEfficiency: 0.95,
    },
  ],
});

class Away extends PlanSolver {
  solve(): Promise<Schedule> {
    return Promise.reject(new AdapterError('the planning thread died', true));
  }
}

/** Scenarios are too much for it. */
class Overtaxed extends PlanSolver {
  solve(asked: PlanningProblem, limits: SolveLimits): Promise<Schedule> {
    return asked.scenarios.length > 0 ? Promise.reject(new AdapterError('time is up', true)) : solvePlan(asked, limits);
  }
}

const uncertain: PlanningProblem = {
  ...problem,
  scenarios: [500, 4_000].map((loadW) => ({ id: `${loadW} W`, probability: 0.5, sites: [{ siteId: 'home', loadW, pvW: 0 }] })),
};

let database: DataSource;
const serviceWith = (solver: PlanSolver): PlanService => new PlanService(database.getRepository(PlanEntity), solver);

beforeEach(async () => {
  database = await new DataSource({ ...databaseOptions({ kind: 'sqlite', file: ':memory:' }), entities: [PlanEntity] }).initialize();
  await database.runMigrations();
});
afterEach(() => database.destroy());

it('has an entity that agrees with the migrated table', async () => {
  const differences = (await database.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);
  expect(differences.filter((query) => /"plans"/.test(query))).toEqual([]);
});

describe('plans', () => {
  it('are made in the planning thread, kept, and found again after a restart', async () => {
    const solver = new WorkerSolver();
    try {
      const service = serviceWith(solver);
      await service.load();
      expect(service.current()).toBeUndefined();
      const plan = await service.plan(problem, NOW_MS + 5);
      expect(plan).toMatchObject({ solver: 'highs', status: 'optimal', issuedAtMs: NOW_MS + 5 });
      expect(planFaults(problem, plan)).toEqual([]);
      expect(service.current()).toEqual(plan);
      const restarted = serviceWith(solver);
      await restarted.load();
      expect(restarted.current()).toEqual(plan);
      expect(service.why()).toMatchObject([
        { kind: 'battery', id: 'battery' },
        { kind: 'sun', id: 'home' },
      ]);
      expect(restarted.why()).toBeUndefined();
    } finally {
      await solver.onModuleDestroy();
    }
  });

  it('go by merit order while the solver is away, and say so', async () => {
    const plan = await serviceWith(new Away()).plan(problem, NOW_MS);
    expect(plan).toMatchObject({ solver: 'merit-order', status: 'fallback', reason: 'the planning thread died' });
    expect(planFaults(problem, plan)).toEqual([]);
  });

  it('look at scenarios and are kept without their courses', async () => {
    const solver = new WorkerSolver();
    try {
      const service = serviceWith(solver);
      expect(planFaults(uncertain, await service.solve(uncertain))).toEqual([]);
      const plan = await service.plan(uncertain, NOW_MS);
      expect(plan).not.toHaveProperty('scenarios');
      expect(plan.expectedCostMicro).toBeGreaterThan(plan.costMicro);
    } finally {
      await solver.onModuleDestroy();
    }
  });

  it('are for what is expected where scenarios are too much, and say so', async () => {
    const plan = await serviceWith(new Overtaxed()).plan(uncertain, NOW_MS);
    expect(plan).toMatchObject({ solver: 'highs', status: 'optimal', reason: 'without its scenarios: time is up' });
    expect(planFaults(problem, plan)).toEqual([]);
  });

  it('are forgotten after a week, the newest standing', async () => {
    const service = serviceWith(new Away());
    await service.plan(problem, NOW_MS - 8 * DAY_MS);
    await service.plan(problem, NOW_MS - HOUR_MS);
    await service.plan(problem, NOW_MS);
    const kept = await database.getRepository(PlanEntity).find({ order: { issuedAtMs: 'ASC' } });
    expect(kept.map(({ issuedAtMs }) => issuedAtMs)).toEqual([NOW_MS - HOUR_MS, NOW_MS]);
  });
});
