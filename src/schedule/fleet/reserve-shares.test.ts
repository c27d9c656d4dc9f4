import { describe, expect } from 'vitest';
import { test } from '../../../test/prop.js';
import { sum } from '../../kernel/sum.js';
import { anyProblem } from '../any-problem.fixture.js';
import { meritOrder } from '../merit-order.js';
import { atStep, type PlanningProblem } from '../problem.js';
import { siteRoomsW } from '../reserve-held.js';
import { reserveShares, sharesOf } from './reserve-shares.js';

const hoursOf = ({ stepMinutes }: PlanningProblem): number[] => stepMinutes.map((minutes) => minutes / 60);
const withReserve = anyProblem.filter(({ reserves }) => reserves.length > 0).map((problem) => ({ ...problem, scenarios: [] }));

describe('the shares of a reserve', () => {
  test.prop([withReserve])('are all of it where all hold enough, and never more of anyone than he would hold anyway', (problem) => {
    const plan = meritOrder(problem, 'for a test');
    const shares = reserveShares(problem, hoursOf(problem), plan);
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
    const shares = reserveShares(problem, hoursOf(problem), plan);
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
});
