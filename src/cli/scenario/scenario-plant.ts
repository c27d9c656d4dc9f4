import type { BatteryRating, Device, DeviceRole, Plant, Site } from '../../fleet/plant.js';
import { seedOf } from '../../kernel/random.js';
import { NOMINAL_PHASE_V, SECOND_MS } from '../../kernel/units.js';
import type { Profile } from '../../registers/profile.js';
import { initialSite, type SiteModel, siteModel, type SiteState, type VirtualSite } from '../../simulator/index.js';
import type { BatteryPack, FurtherInverter, Inverters, ReplayRow } from '../../simulator/spec.js';
import { rowsOf } from './course.js';
import type { Scenario, ScenarioSite } from './scenario-file.js';
import type { BatteryStory, Course } from './scenario-site.js';

const EFFICIENCY = 0.95;
/** Least that a charger gives, on each of its phases. */
const LEAST_A = 6;
const POLL_PERIOD_MS = SECOND_MS;

/** The plant a scenario tells of, as a fleet file would. */
export const plantOf = ({ name, zone, sites }: Scenario): Plant => ({
  name,
  zone,
  currency: 'EUR',
  households: [],
  sites: sites.map((site) => siteOf(site, zone)),
});

const siteOf = (site: ScenarioSite, zone: string): Site => ({
  id: site.id,
  name: site.id,
  kind: site.kind,
  zone,
  importLimitW: site.importLimitW,
  exportLimitW: site.exportLimitW,
  ...(site.phaseLimitA === undefined ? {} : { phaseLimitA: site.phaseLimitA }),
  ...(site.safeLimits ? { safeLimits: site.safeLimits } : {}),
  devices: devicesOf(site),
});

const devicesOf = (site: ScenarioSite): Device[] => {
  const { id: siteId, roofs, batteries, generators, chargers } = site;
  const device = (id: string, role: DeviceRole, ratedW: number, more: Partial<Device> = {}): Device => ({
    id,
    siteId,
    name: id,
    role,
    profile: 'sunspec',
    address: { host: '127.0.0.1', port: 502, unitId: 1 },
    direction: 1,
    pollPeriodMs: POLL_PERIOD_MS,
    reversion: 'device',
    ratedW,
    ...more,
  });
  return [
    device(`${siteId}-meter`, 'grid-meter', site.importLimitW),
    ...roofs.map(({ id, ratedW, battery }) =>
      battery ? device(id, 'hybrid', ratedW, { battery: ratingOf(battery) }) : device(id, 'pv', ratedW),
    ),
    ...batteries.map((battery) => device(battery.id, 'battery', battery.maxW, { battery: ratingOf(battery) })),
    ...generators.map(({ id, runs: _runs, coolDownS: _coolDownS, ...generator }) =>
      device(id, 'generator', generator.maxW, {
        generator: { ...generator, noLoadLitresPerH: 1, litresPerKwh: 0.3, fuelMicroPerLitre: 1_000_000, startMicro: 0 },
      }),
    ),
    ...chargers.map(({ id, ratedW, phases, need }) =>
      device(id, 'flexible-load', ratedW, {
        profile: 'keba-kecontact',
        flexibleLoad: { kind: 'charger', minW: LEAST_A * NOMINAL_PHASE_V * phases, phases, ...(need ? { need } : {}) },
      }),
    ),
  ];
};

const ratingOf = ({ capacityWh, maxW, minSocPct }: BatteryStory): BatteryRating => ({
  capacityWh,
  maxChargeW: maxW,
  maxDischargeW: maxW,
  chargeEfficiency: EFFICIENCY,
  dischargeEfficiency: EFFICIENCY,
  minSocPct,
  maxSocPct: 100,
});

/** A site on its way through a scenario. */
export interface LivingSite {
  readonly site: Site;
  readonly spec: ScenarioSite;
  readonly model: SiteModel;
  state: SiteState;
}

/** The same plant as virtual hardware. `genset`: the profile virtual gensets answer by. */
export const livingSites = (scenario: Scenario, plant: Plant, genset: Profile): LivingSite[] =>
  scenario.sites.map((spec, index) => {
    const virtual = virtualOf(scenario, spec, genset);
    const state = initialSite(virtual, scenario.start);
    for (const { id, runs, minW } of spec.generators)
      if (runs)
        Object.assign(state.generators[id]!, {
          phase: 'running',
          run: true,
          powerW: minW,
          outputW: minW,
          inPhaseMs: 3_600_000,
          heartbeatMs: 60_000,
        });
    return { site: plant.sites[index]!, spec, model: siteModel(virtual), state };
  });

const virtualOf = (scenario: Scenario, spec: ScenarioSite, genset: Profile): VirtualSite => {
  const { id, generators, chargers } = spec;
  const seed = seedOf(id, scenario.name);
  const rowsFor = (sunW: Course): ReplayRow[] => rowsOf({ ...spec, sunW, seed }, scenario.start, scenario.for);
  const {
    first: { rows = rowsFor(0), ...first },
    further,
  } = invertersOf(spec, rowsFor);
  return {
    id,
    seed,
    kind: spec.kind,
    zone: scenario.zone,
    latitude: 51,
    longitude: 10,
    host: '127.0.0.1',
    port: 0,
    load: { kind: 'replay', rows },
    meter: { id: `${id}-meter`, unitId: 1, map: 'sunspec-203' },
    ...first,
    ...(further.length > 0 ? { further } : {}),
    generators: generators.map(({ runs: _runs, ...generator }, index) => ({
      ...generator,
      unitId: 200 + index,
      map: genset,
      noLoadLitresPerH: 1,
      litresPerKwh: 0.3,
      tankLitres: 400,
    })),
    chargers: chargers.map(({ id: chargerId, ratedW, phases, cars }, index) => ({
      id: chargerId,
      unitId: 220 + index,
      ratedW,
      phases,
      car: cars.map(({ comes, goes, energyWh, maxW, phases: carPhases }) => ({
        comesMs: scenario.start + comes,
        goesMs: scenario.start + (goes ?? scenario.for + 1),
        energyWh,
        ...(maxW === undefined ? {} : { maxW }),
        ...(carPhases === undefined ? {} : { phases: carPhases }),
      })),
    })),
  };
};

/** First a roof, or a battery, or one of each where neither is a hybrid; then the others. */
const invertersOf = (
  { roofs, batteries }: ScenarioSite,
  rowsFor: (sunW: Course) => ReplayRow[],
): { first: Inverters & { rows?: readonly ReplayRow[] }; further: FurtherInverter[] } => {
  const suns = roofs.map(({ id, ratedW, sunW, battery }, index) => {
    const own = { id, unitId: 2 + index, ratedW, array: { peakW: ratedW, tiltDeg: 30, azimuthDeg: 180 } };
    const rows = rowsFor(sunW);
    return battery ? { hybrid: { ...own, pack: packOf(battery) }, rows } : { pv: { ...own, models: '103' } as const, rows };
  });
  const packs = batteries.map((battery, index) => ({
    battery: { id: battery.id, unitId: 100 + index, models: '124', ratedW: battery.maxW, pack: packOf(battery) } as const,
  }));
  const roof = suns.shift();
  const first = roof && 'hybrid' in roof ? roof : { ...roof, ...packs.shift() };
  return { first, further: [...suns, ...packs] };
};

const packOf = (battery: BatteryStory): BatteryPack => ({ ...ratingOf(battery), startSocPct: battery.socPct });
