import { type LocalDate, localDate, localDay, localTime } from '../kernel/local-day.js';
import { gaussian, type RandomStream, randomStream, seedOf } from '../kernel/random.js';
import { type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS, type Watt } from '../kernel/units.js';
import { type Block, meanOver, seriesOfBlocks } from './day-series.js';
import type { VirtualSite } from './spec.js';

/** What stays the same about a household from day to day. */
interface Habits {
  readonly size: number;
  readonly standbyW: Watt;
  readonly fridgeW: Watt;
  readonly riseHour: number;
  readonly dinnerHour: number;
  readonly bedHour: number;
  readonly worksAway: boolean;
  readonly kettlesADay: number;
  readonly washesADay: number;
  readonly dishesADay: number;
}

const habitsOf = (site: VirtualSite): Habits => {
  const random = randomStream(seedOf('habits', site.id, site.seed));
  const between = (low: number, high: number): number => low + random() * (high - low);
  return {
    size: between(1.4, 2.8),
    standbyW: between(60, 150),
    fridgeW: between(70, 120),
    riseHour: between(5.8, 7.8),
    dinnerHour: between(17.3, 19.5),
    bedHour: between(21.8, 23.6),
    worksAway: random() < 0.6,
    kettlesADay: between(2, 6),
    washesADay: between(0.25, 0.8),
    dishesADay: between(0.2, 0.9),
  };
};

interface Day {
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
  readonly weekend: boolean;
  /** 0 in midsummer, 1 in midwinter. */
  readonly winter: number;
}

/**
 * Blocks of one local day, drawn from a stream of its own. Each thing in the house is a rectangle of power, which is what
 * measured household load looks like close up (Richardson et al., Energy and Buildings 42(10), 2010).
 */
const blocksOf = (habits: Habits, day: Day, random: RandomStream): Block[] => {
  const blocks: Block[] = [];
  const on = (hour: number, minutes: number, powerW: Watt): void => {
    const startMs = day.startMs + Math.round((hour * HOUR_MS) / SECOND_MS) * SECOND_MS;
    blocks.push({ startMs, endMs: startMs + Math.max(1, Math.round(minutes * 60)) * SECOND_MS, powerW });
  };
  const around = (hour: number, spreadHours: number): number => Math.min(23.5, Math.max(0, hour + gaussian(random) * spreadHours));
  const times = (mean: number): number => Math.floor(mean + random());

  on(0, (day.endMs - day.startMs) / MINUTE_MS, habits.standbyW);
  fridge(on, habits, random);
  lightsAndScreens(on, habits, day, random);
  for (let n = times(habits.kettlesADay); n > 0; n -= 1)
    on(around([habits.riseHour + 0.4, 10.5, 15.5, 20][Math.floor(random() * 4)]!, 0.6), 1.5 + 2.5 * random(), 1_800 + 400 * random());
  hob(on, around(habits.dinnerHour, 0.35), (0.5 + random()) * habits.size, random);
  if (day.weekend || !habits.worksAway) hob(on, around(12.3, 0.4), 0.5 * habits.size, random);
  for (let n = times(habits.washesADay * (day.weekend ? 1.6 : 0.8)); n > 0; n -= 1) wash(on, around(day.weekend ? 10.5 : 18, 1.8));
  for (let n = times(habits.dishesADay); n > 0; n -= 1) dishes(on, around(habits.dinnerHour + 1.8, 0.7));
  return blocks;
};

type SwitchOn = (hour: number, minutes: number, powerW: Watt) => void;

const fridge = (on: SwitchOn, habits: Habits, random: RandomStream): void => {
  for (let hour = random() * 0.7; hour < 24; hour += 0.65 + 0.25 * random()) on(hour, 14 + 6 * random(), habits.fridgeW);
};

/** Half-hours of light, screens and small things: bright when people are up, at home, and it is dark. */
const lightsAndScreens = (on: SwitchOn, habits: Habits, day: Day, random: RandomStream): void => {
  const rise = habits.riseHour + (day.weekend ? 1.2 : 0);
  for (let hour = 0; hour < 24; hour += 0.5) {
    if (hour < rise || hour > habits.bedHour) continue;
    const away = habits.worksAway && !day.weekend && hour > rise + 1.5 && hour < 17;
    const dark = hour < 8 + day.winter || hour > 20.5 - 4 * day.winter;
    const levelW = away ? 10 : (dark ? 130 : 60) + 190 * random();
    on(hour, 30, levelW * habits.size * (0.85 + 0.35 * day.winter));
  }
};

/** A plate or oven that its thermostat switches on and off. */
const hob = (on: SwitchOn, hour: number, lengthHours: number, random: RandomStream): void => {
  const powerW = 1_400 + 900 * random();
  for (let at = 0; at < lengthHours; at += 0.1) on(hour + at, 2.5 + 2 * random(), powerW);
};

const wash = (on: SwitchOn, hour: number): void => {
  on(hour, 17, 1_950);
  on(hour + 0.28, 55, 180);
  on(hour + 1.2, 7, 480);
};

const dishes = (on: SwitchOn, hour: number): void => {
  on(hour, 14, 1_850);
  on(hour + 0.24, 45, 70);
  on(hour + 1, 11, 1_850);
};

const dayOf = (site: VirtualSite, date: LocalDate): Day => {
  const { startMs, endMs } = localDay(site.zone, date);
  const { weekday } = localTime(site.zone, startMs);
  const dayOfYear = (Date.parse(`${date}T00:00:00Z`) - Date.parse(`${date.slice(0, 4)}-01-01T00:00:00Z`)) / (24 * HOUR_MS);
  const northern = 0.5 + 0.5 * Math.cos((2 * Math.PI * (dayOfYear + 10)) / 365.25);
  return { startMs, endMs, weekend: weekday === 0 || weekday === 6, winter: site.latitude >= 0 ? northern : 1 - northern };
};

/** Days from which the natural mean of a household is taken when it is to be scaled to another. */
const SCALE_DAYS: readonly LocalDate[] = Array.from(
  { length: 28 },
  (_, i) => `2023-${String((i % 12) + 1).padStart(2, '0')}-${10 + (i % 7)}`,
);

/**
 * Mean power a made-up household draws, over any stretch of time. A function of the site's seed and the time alone. A day's
 * blocks end with the day.
 */
export const householdLoad = (site: VirtualSite, meanW?: Watt): ((startMs: EpochMs, endMs: EpochMs) => Watt) => {
  const habits = habitsOf(site);
  const seriesOn = (date: LocalDate, scale: number) => {
    const day = dayOf(site, date);
    const blocks = blocksOf(habits, day, randomStream(seedOf('load', site.id, site.seed, date)));
    const scaled = scale === 1 ? blocks : blocks.map((block) => ({ ...block, powerW: block.powerW * scale }));
    return seriesOfBlocks(scaled, day.startMs, day.endMs);
  };
  const naturalMeanW = (): Watt => {
    let [energyWh, hours] = [0, 0];
    for (const date of SCALE_DAYS) {
      const series = seriesOn(date, 1);
      energyWh += series.energyUntilWh(series.endMs);
      hours += (series.endMs - series.startMs) / HOUR_MS;
    }
    return energyWh / hours;
  };
  const scale = meanW === undefined ? 1 : meanW / naturalMeanW();
  return meanOver((atMs) => seriesOn(localDate(site.zone, atMs), scale));
};

/** What the cabinets of a site draw that is no home: controls, a fan, a lamp. */
export const cabinetLoadW = (site: VirtualSite): Watt => Math.round(120 + 100 * randomStream(seedOf('cabinet', site.id, site.seed))());
