import { contains, type Interval } from '../kernel/interval.js';
import { addDays, type LocalDate, localDate, localDay, momentOf } from '../kernel/local-day.js';
import { gaussian, randomStream, seedOf } from '../kernel/random.js';
import { DAY_MS, type EpochMs, MINUTE_MS } from '../kernel/units.js';
import type { CarHabits, CarVisit, VirtualCharger, VirtualSite } from './spec.js';

/** When a car hangs on a charger, and what it wants then. A function of the site's seed and the time alone. */
export interface CarVisits {
  /** The visit that a moment is in. */
  at(atMs: EpochMs): CarVisit | undefined;
  /** When the next car comes or the present one goes, after `atMs`; never more than two days on. */
  nextChangeMs(atMs: EpochMs): EpochMs;
}

/** The car stays away for one day in this many. */
const AWAY_ONE_DAY_IN = 9;
const COMES_WITHIN_MIN = 25;
const GOES_WITHIN_MIN = 12;
/** Of the usual energy. */
const LEAST_NEED = 0.6;
const MOST_NEED = 1.3;

/** Visits are made up of habits, day by day on the site's clock, or are those that were told. */
export const carVisits = (site: VirtualSite, charger: Pick<VirtualCharger, 'id' | 'car'>): CarVisits => {
  const { car } = charger;
  if (!('from' in car)) return visitsAmong(() => car);
  let known: { readonly day: Interval; readonly visits: readonly CarVisit[] } | undefined;
  return visitsAmong((atMs) => {
    if (known && contains(known.day, atMs)) return known.visits;
    const today = localDate(site.zone, atMs);
    const visits = [addDays(today, -1), today, addDays(today, 1)].flatMap((date) => visitOn(site, charger.id, car, date));
    known = { day: localDay(site.zone, today), visits };
    return visits;
  });
};

const visitsAmong = (around: (atMs: EpochMs) => readonly CarVisit[]): CarVisits => ({
  at: (atMs) => around(atMs).findLast(({ comesMs, goesMs }) => comesMs <= atMs && atMs < goesMs),
  nextChangeMs: (atMs) => {
    const changes = around(atMs).flatMap(({ comesMs, goesMs }) => [comesMs, goesMs]);
    return Math.min(atMs + 2 * DAY_MS, ...changes.filter((changeMs) => changeMs > atMs));
  },
});

const visitOn = (site: VirtualSite, id: string, { from, by, energyWh, ...takes }: CarHabits, date: LocalDate): CarVisit[] => {
  const random = randomStream(seedOf('car', id, site.seed, date));
  if (random() < 1 / AWAY_ONE_DAY_IN) return [];
  const around = (day: LocalDate, time: string, withinMin: number): EpochMs => {
    const [hour, minute] = time.split(':').map(Number) as [number, number];
    const lateMin = Math.max(-2, Math.min(2, gaussian(random))) * withinMin;
    return momentOf(site.zone, day, hour, minute) + Math.round(lateMin) * MINUTE_MS;
  };
  const comesMs = around(date, from, COMES_WITHIN_MIN);
  const goesMs = around(by > from ? date : addDays(date, 1), by, GOES_WITHIN_MIN);
  if (goesMs <= comesMs) return [];
  return [{ comesMs, goesMs, energyWh: Math.round(energyWh * (LEAST_NEED + (MOST_NEED - LEAST_NEED) * random())), ...takes }];
};
