import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DAY_MS } from '../kernel/units.js';
import type { AlarmService } from '../platform/alarm.service.js';
import { freshDir, intervalsOf, type ProofPlant, removeDir, startProof } from './proof-plant.fixture.js';
import { ProofJobs } from './proof.jobs.js';

describe('the balance of the anchor key', () => {
  let dir: string;
  let plant: ProofPlant;
  beforeEach(async () => {
    dir = freshDir();
    plant = await startProof(dir);
  });
  afterEach(async () => {
    await plant.stop();
    removeDir(dir);
  });
  const holding = (lamports: number): void => {
    vi.spyOn(plant.ledger, 'balanceLamports').mockResolvedValue(lamports);
  };
  const anchored = async (count: number): Promise<void> => {
    const done = await plant.outbox.madeSince(0);
    for (let slot = done; slot < done + count; slot += 1) {
      await plant.recorder.recordIntervals(intervalsOf(slot, 1));
      await plant.proof.anchorNow();
    }
  };

  it('leaves out what an account must keep to pay at all', async () => {
    holding(890_880 + 5_499);
    expect(await plant.balances.now()).toMatchObject({ anchorsLeft: 0, daysLeft: 0 });
    holding(890_880 + 96 * 5_500);
    expect(await plant.balances.now()).toMatchObject({ anchorsLeft: 96, daysLeft: 1 });
  });

  it('lasts less long where baselines are anchored beside the intervals, by the last day and the last week', async () => {
    holding(890_880 + 960 * 5_500);
    await anchored(120);
    expect(await plant.balances.now()).toMatchObject({ daysLeft: 8 });
    plant.clock.set(plant.clock.now() + 2 * DAY_MS);
    expect(await plant.balances.now(), 'a burst that is over').toMatchObject({ daysLeft: 10 });
  }, 60_000);

  it('raises an alarm a week before it is used up', async () => {
    const [raise, clear] = [vi.fn<AlarmService['raise']>(() => Promise.resolve()), vi.fn<AlarmService['clear']>(() => Promise.resolve())];
    const jobs = new ProofJobs(plant.proof, { raise, clear } as unknown as AlarmService, plant.balances);
    holding(890_880 + 6 * 96 * 5_500);
    await jobs.watchBalance();
    expect(raise).toHaveBeenCalledWith(
      expect.objectContaining({ kind: 'balance', message: expect.stringMatching(/enough for 6\.0 days/) as string }),
    );
    holding(890_880 + 8 * 96 * 5_500);
    await jobs.watchBalance();
    expect(clear).toHaveBeenCalledWith('ledger', 'balance');
  });
});
