import { describe, expect, it } from 'vitest';
import { test } from '../../../test/prop.js';
import { sum } from '../../kernel/sum.js';
import { anyProblem } from '../any-problem.fixture.js';
import { meritOrder } from '../merit-order.js';
import { parseProblem } from '../parse-problem.js';
import { atStep, type PlanningProblem } from '../problem.js';
import { siteRoomsW } from '../reserve-held.js';
import type { Schedule } from '../schedule.js';
import { ReserveSharing, sharesOf } from './reserve-shares.js';

const hoursOf = ({ stepMinutes }: PlanningProblem): number[] => stepMinutes.map((minutes) => minutes / 60);
const withReserve = anyProblem.filter(({ reserves }) => reserves.length > 0).map((problem) => ({ ...problem, scenarios: [] }));

describe('the shares of a reserve', () => {
  test.prop([withReserve])('are all of it where all hold enough, and never more of anyone than he would hold anyway', (problem) => {
    const plan = meritOrder(problem, 'for a test');
    const shares = new ReserveSharing(problem, hoursOf(problem)).after(plan);
    problem.reserves.forEach((reserve, r) => {
      const rooms = siteRoomsW(problem, plan, reserve);
      plan.steps.forEach((_, step) => {
        const [shared, held] = [shares[r]!.map((share) => share[step]!), rooms.map((room) => Math.max(0, room[step]!))];
        const wantedW = atStep(reserve.powerW, step);
        expect(sum(shared)).toBeLessThanOrEqual(wantedW + 1e-6);
        if (sum(held) < wantedW) return;
        expect(sum(shared)).toBeCloseTo(wantedW, 4);
        shared.forEach((share, s) => expect(share).toBeLessThanOrEqual(held[s]! + 1e-6));
      });
    });
  });

  test.prop([withReserve])('leave everyone what he holds, and ask more, where all hold too little', (problem) => {
    const plan = meritOrder(problem, 'for a test');
    const shares = new ReserveSharing(problem, hoursOf(problem)).after(plan);
    problem.reserves.forEach((reserve, r) => {
      const rooms = siteRoomsW(problem, plan, reserve);
      plan.steps.forEach((_, step) => {
        const held = rooms.map((room) => Math.max(0, room[step]!));
        if (sum(held) >= atStep(reserve.powerW, step)) return;
        shares[r]!.forEach((share, s) => expect(share[step]!).toBeGreaterThanOrEqual(held[s]! - 1e-6));
      });
      problem.sites.forEach(({ id }, s) => {
        if (reserve.siteIds && !reserve.siteIds.includes(id)) expect(sum(shares[r]![s]!)).toBe(0);
      });
    });
    problem.sites.forEach((site, s) => {
      for (const own of sharesOf(problem, shares, s))
        expect([own.siteIds, (own.powerW as number[]).length]).toEqual([[site.id], plan.steps.length]);
    });
  });

  it('ask others for what one was told to hold and did not', () => {
    const home = (id: string) => ({ id, loadW: 0, pvW: 0, importMicroPerKwh: 0, exportMicroPerKwh: 0 });
    const battery = (siteId: string) => ({
      id: `battery of ${siteId}`,
      siteId,
      capacityWh: 4_000,
      minEnergyWh: 0,
      maxEnergyWh: 4_000,
      initialEnergyWh: 0,
      maxChargeW: 4_000,
      maxDischargeW: 4_000,
      chargeEfficiency: 1,
      dischargeEfficiency: 1,
      terminalMicroPerKwh: 0,
    });
    const homes = ['one', 'other', 'third'];
    const problem = parseProblem({
      version: 1,
      currency: 'EUR',
      startMs: 0,
      stepMinutes: [60, 60],
      sites: homes.map(home),
      batteries: homes.map(battery),
      reserves: [{ id: 'reserve', direction: 'up', durationS: 3_600, powerW: [0, 3_000], throughConnection: false }],
    });
    const sharing = new ReserveSharing(problem, [1, 1]);
    const storing = (keptWh: readonly number[]): Schedule => {
      const plan = meritOrder(problem, 'for a test');
      const batteries = plan.batteries.map((each, index) => ({ ...each, energyWh: [keptWh[index]!, keptWh[index]!] }));
      return { ...plan, batteries };
    };
    const second = (shares: ReturnType<typeof sharing.after>): number[] => shares[0]!.map((share) => Math.round(share[1]!));
    expect(second(sharing.after(storing([0, 0, 0])))).toEqual([1_000, 1_000, 1_000]);
    expect(second(sharing.after(storing([200, 1_000, 1_000])))).toEqual([200, 1_400, 1_400]);
    expect(second(sharing.after(storing([200, 1_400, 1_100])))).toEqual([200, 1_700, 1_100]);
  });
});
