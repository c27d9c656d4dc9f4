import { SchedulerRegistry } from '@nestjs/schedule';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { Plant, Site } from '../fleet/plant.js';
import { momentOf } from '../kernel/local-day.js';
import { MINUTE_MS } from '../kernel/units.js';
import { ManualClock } from '../platform/clock.js';
import { TrainingJobs } from './training.jobs.js';

const ZONE = 'Europe/Berlin';
const SITES = ['a', 'b'].map((id): Site => ({ id, name: id, kind: 'home', zone: ZONE, importLimitW: 1, exportLimitW: 1, devices: [] }));
const PLANT: Plant = { name: 'p', zone: ZONE, currency: 'EUR', households: [], sites: SITES };

/** What was asked for at which local time, looking every five minutes from `from` for so many hours. */
const asked = async (from: string, hours: number, failing: (time: string) => boolean = () => false): Promise<string[]> => {
  const calls: string[] = [];
  const clock = new ManualClock(0);
  const time = (): string => new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, timeStyle: 'short' }).format(clock.now());
  const jobs = new TrainingJobs(
    {
      train: (sites) => {
        calls.push(`${time()} ${sites.map(({ id }) => id).join('+')}`);
        const failed = failing(time()) ? { failed: 'no room' } : {};
        return Promise.resolve(
          sites.map(({ id }) => ({ siteId: id, quantity: 'load', trained: true, rowsUsed: 1, seconds: 1, ...failed }) as const),
        );
      },
      trainPools: () => Promise.resolve(void calls.push(`${time()} pools`)),
      drifted: (sites) => Promise.resolve(time() === '05:00' ? [sites[1]!] : []),
    },
    { plant: () => PLANT },
    new SchedulerRegistry(),
    clock,
    pino({ level: 'silent' }),
  );
  const fromMs = momentOf(ZONE, from);
  for (let atMs = fromMs; atMs < fromMs + hours * 60 * MINUTE_MS; atMs += 5 * MINUTE_MS) {
    clock.set(atMs);
    await jobs.look();
  }
  return calls;
};

it('trains every site once a night, then what they have in common; a site that drifts by day alone, and no pool of it', async () => {
  expect(await asked('2026-06-01', 30)).toEqual(['02:00 a+b', '02:00 pools', '05:00 b', '02:00 a+b', '02:00 pools', '05:00 b']);
});

it('trains in the night without a two o’clock, and once in the one with two of them', async () => {
  expect(await asked('2026-03-29', 6)).toEqual(['03:00 a+b', '03:00 pools', '05:00 b']);
  expect(await asked('2026-10-25', 6)).toEqual(['02:00 a+b', '02:00 pools']);
});

it('tries again an hour later where one failed', async () => {
  const calls = await asked('2026-06-01', 5, (time) => time.startsWith('02'));
  expect(calls.filter((call) => call.endsWith('a+b'))).toEqual(['02:00 a+b', '03:00 a+b']);
});
