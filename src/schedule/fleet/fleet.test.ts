import { expect, it } from 'vitest';
import { solveCharged } from '../adapters/highs-plan.js';
import { dearestMicroPerKwh } from '../dearest.js';
import { parseProblem } from '../parse-problem.js';
import { Fleet } from './fleet.js';

it('keeps a limit by whoever gives way for little, though another is asked first', async () => {
  const home = (id: string) => ({ id, loadW: 3_000, pvW: 0, importMicroPerKwh: 100_000, exportMicroPerKwh: 50_000 });
  const battery = (siteId: string, terminalMicroPerKwh: number) => ({
    id: `battery of ${siteId}`,
    siteId,
    capacityWh: 10_000,
    minEnergyWh: 0,
    maxEnergyWh: 10_000,
    initialEnergyWh: 8_000,
    maxChargeW: 3_000,
    maxDischargeW: 3_000,
    chargeEfficiency: 0.7,
    dischargeEfficiency: 0.7,
    terminalMicroPerKwh,
  });
  const problem = parseProblem({
    version: 1,
    currency: 'EUR',
    startMs: 0,
    stepMinutes: [60],
    sites: [home('dear'), home('cheap')],
    batteries: [battery('dear', 500_000), battery('cheap', 120_000)],
    fleet: { importLimitW: 4_000 },
  });
  const fleet = new Fleet(problem, { hours: [1], scale: dearestMicroPerKwh(problem) / 1e6, solve: solveCharged, leftS: () => 1 });
  await fleet.begin();
  await fleet.settle();
  const [decisions] = fleet.decisions();
  expect(decisions!.batteryW.map(([powerW]) => Math.round(powerW!) + 0)).toEqual([0, 2_000]);
});
