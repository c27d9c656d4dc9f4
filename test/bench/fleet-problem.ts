import { randomStream } from '../../src/kernel/random.js';
import { parseProblem } from '../../src/schedule/parse-problem.js';
import type { PlanningProblem } from '../../src/schedule/problem.js';

export interface FleetSize {
  readonly homes: number;
  readonly generators: number;
  readonly steps: number;
  readonly feeders: number;
  /** So many of the homes have an electric car. */
  readonly cars?: number;
  /** Hourly load and sun of measured homes, W. */
  readonly courses: readonly { readonly loadW: readonly number[]; readonly pvW: readonly number[] }[];
  readonly seed?: number;
  /** So many scenarios of load and sun; what is expected is their mean. */
  readonly scenarios?: number;
}

const START_MS = Date.UTC(2026, 5, 1);
const STEP_MINUTES = 15;
const MOST_DAYS = 14;
const PER_HOUR = 60 / STEP_MINUTES;

/** Import prices over the day, millionths per kWh, by hour. */
const microAt = (hour: number): number => (hour < 6 ? 180_000 : hour < 16 ? 260_000 : hour < 21 ? 420_000 : 300_000);

/**
 * A fleet of measured homes, each with its own scale, day, battery and reserve, on feeders that cannot carry what all of them would
 * do at once; generators stand at works with a load of their own on the same feeders.
 */
export const fleetProblem = ({
  homes,
  generators,
  steps,
  feeders,
  cars = 0,
  courses,
  seed = 1,
  scenarios = 0,
}: FleetSize): PlanningProblem => {
  const random = randomStream(seed);
  const between = (low: number, high: number): number => low + (high - low) * random();
  const others = randomStream(seed + 1);
  const weather = Array.from({ length: scenarios }, () => Math.floor(MOST_DAYS * others()));
  const times = Array.from({ length: steps }, (_, step) => step);
  const hourOf = (step: number): number => Math.floor(step / PER_HOUR);
  const course = () => {
    const { loadW, pvW } = courses[Math.floor(random() * courses.length)]!;
    const room = loadW.length / 24 - steps / PER_HOUR / 24 - 1;
    const from = Math.floor(random() * room);
    const [loadScale, sunScale] = [between(0.6, 1.4), random() < 0.3 ? 0 : between(0.6, 1.4)];
    const at = (values: readonly number[], scale: number, day: number, step: number): number =>
      Math.round(values[24 * (day % Math.ceil(room)) + hourOf(step)]! * scale);
    const wobble = times.map(() => between(0.9, 1.1));
    const on = (loadDay: number, sunDay: number) => ({
      loadW: times.map((step) => Math.round(at(loadW, loadScale, loadDay, step) * wobble[step]!)),
      pvW: times.map((step) => at(pvW, sunScale, sunDay, step)),
    });
    // Loads go their own ways; the weather is the same for all.
    const drawn = weather.map((sunDays) => on(from + 1 + Math.floor(MOST_DAYS * others()), from + sunDays));
    return { ...(scenarios === 0 ? on(from, from) : meanOf(drawn)), drawn };
  };
  const importMicroPerKwh = times.map((step) => microAt(hourOf(step) % 24));
  const courseOf = Array.from({ length: homes }, course);
  const houses = courseOf.map(({ loadW, pvW }, index) => ({
    id: `home-${index}`,
    loadW,
    pvW,
    importMicroPerKwh,
    exportMicroPerKwh: 80_000,
  }));
  const batteries = houses.map((house, index) => {
    const capacityWh = Math.round(between(5, 14)) * 1_000;
    const powerW = Math.round(capacityWh * between(0.4, 0.8));
    return {
      id: `battery-${index}`,
      siteId: house.id,
      capacityWh,
      minEnergyWh: capacityWh * 0.05,
      maxEnergyWh: capacityWh,
      reserveFloorWh: capacityWh * (random() < 0.3 ? 0.2 : 0.05),
      initialEnergyWh: capacityWh * between(0.2, 0.8),
      maxChargeW: powerW,
      maxDischargeW: powerW,
      chargeEfficiency: 0.95,
      dischargeEfficiency: 0.95,
      terminalMicroPerKwh: 170_000,
      wearMicroPerKwh: 10_000,
    };
  });
  const works = Array.from({ length: generators }, (_, index) => {
    const loadW = between(20_000, 60_000);
    return {
      id: `works-${index}`,
      loadW: times.map((step) => Math.round(loadW * (hourOf(step) % 24 > 6 && hourOf(step) % 24 < 18 ? 1 : 0.4))),
      pvW: times.map(() => 0),
      importMicroPerKwh,
      exportMicroPerKwh: 100_000,
    };
  });
  const units = works.map(({ id }, index) => ({
    id: `unit-${index}`,
    siteId: id,
    minW: 15_000,
    maxW: 15_000 + Math.round(between(15_000, 60_000)),
    minUpS: 2 * 3_600,
    minDownS: 3_600,
    runningMicroPerKwh: Math.round(between(230_000, 330_000)),
    noLoadMicroPerH: Math.round(between(200_000, 800_000)),
    startCosts: [{ offS: 0, micro: Math.round(between(1e6, 4e6)) }],
    initial: { on: false },
  }));
  const sites = [...houses, ...works];
  const flexibleLoads = Array.from({ length: cars }, (_, car) => `home-${Math.floor((car * homes) / cars)}`).flatMap((siteId, car) =>
    chargingOf(siteId, steps, randomStream(1_000 * seed + car)),
  );
  const withCar = new Set(flexibleLoads.map(({ siteId }) => siteId));
  return parseProblem({
    version: 1,
    currency: 'EUR',
    startMs: START_MS,
    stepMinutes: times.map(() => STEP_MINUTES),
    sites,
    batteries,
    generators: units,
    flexibleLoads,
    scenarios: weather.map((_, index) => ({
      id: `weather-${index}`,
      probability: 1 / (scenarios + 1),
      sites: courseOf.map(({ drawn }, home) => ({ siteId: `home-${home}`, ...drawn[index]! })),
    })),
    feeders: Array.from({ length: feeders }, (_, feeder) =>
      feederOf(
        feeder,
        sites.filter((__, index) => index % feeders === feeder),
        withCar,
      ),
    ),
  });
};

/** A car that comes home in the evening and leaves in the morning, and wants a part of its battery each night; of a night as much as the steps cover. */
const chargingOf = (siteId: string, steps: number, random: () => number) => {
  const between = (low: number, high: number): number => low + (high - low) * random();
  const threePhases = random() < 0.5;
  const [comes, leaves] = [between(16, 20), between(6, 8)];
  const nights = Array.from({ length: Math.ceil(steps / PER_HOUR / 24) + 1 }, (_, night) => {
    const [from, until] = [24 * (night - 1) + comes, 24 * night + leaves];
    const [begins, ends] = [Math.max(0, from), Math.min(steps / PER_HOUR, until)];
    return { night, begins, ends, energyWh: Math.round((between(10_000, 40_000) * (ends - begins)) / (until - from)) };
  });
  return nights
    .filter(({ begins, ends }) => ends - begins >= 1)
    .map(({ night, begins, ends, energyWh }) => ({
      id: `car of ${siteId}, night ${night}`,
      siteId,
      ...(threePhases ? { minW: 4_140, maxW: 11_040 } : { minW: 1_380, maxW: 7_360 }),
      energyWh,
      startMs: START_MS + Math.round(begins * PER_HOUR) * STEP_MINUTES * 60_000,
      endMs: START_MS + Math.round(ends * PER_HOUR) * STEP_MINUTES * 60_000,
    }));
};

interface Powers {
  readonly loadW: readonly number[];
  readonly pvW: readonly number[];
}

const meanOf = (courses: readonly Powers[]): Powers => {
  const mean = (of: (course: Powers) => readonly number[]): number[] =>
    of(courses[0]!).map((_, step) => courses.reduce((sum, course) => sum + of(course)[step]!, 0) / courses.length);
  return { loadW: mean(({ loadW }) => loadW), pvW: mean(({ pvW }) => pvW) };
};

interface Connected {
  readonly id: string;
  readonly loadW: readonly number[];
  readonly pvW: readonly number[];
}

/** What a feeder carries for each car: an eighth or so of what they would take at once. */
const CAR_W = 1_000;

/** Carries four fifths of what its sites take at most without batteries and cars, and three fifths of what they give. */
const feederOf = (feeder: number, sites: readonly Connected[], withCar: ReadonlySet<string>) => {
  const netW = sites[0]!.loadW.map((_, step) => sites.reduce((sum, { loadW, pvW }) => sum + loadW[step]! - pvW[step]!, 0));
  return {
    id: `feeder-${feeder}`,
    siteIds: sites.map(({ id }) => id),
    importLimitW: Math.round(Math.max(...netW) * 0.8) + CAR_W * sites.filter(({ id }) => withCar.has(id)).length,
    exportLimitW: Math.round(Math.max(1_000, -Math.min(...netW) * 0.6)),
  };
};
