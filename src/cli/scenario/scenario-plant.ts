import type { BatteryRating, Device, DeviceRole, Plant, Site } from '../../fleet/plant.js';
import { seedOf } from '../../kernel/random.js';
import { NOMINAL_PHASE_V, SECOND_MS } from '../../kernel/units.js';
import type { Profile } from '../../registers/profile.js';
import { initialSite, type SiteModel, siteModel, type SiteState, type VirtualSite } from '../../simulator/index.js';
import { rowsOf } from './course.js';
import type { Scenario, ScenarioSite } from './scenario-file.js';

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
  const { id: siteId, pvRatedW, battery, hybrid, generators, chargers } = site;
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
  const rating = battery && ratingOf(battery);
  return [
    device(`${siteId}-meter`, 'grid-meter', site.importLimitW),
    ...(hybrid ? [device(`${siteId}-hybrid`, 'hybrid', pvRatedW!, { battery: rating! })] : []),
    ...(!hybrid && pvRatedW !== undefined ? [device(`${siteId}-sun`, 'pv', pvRatedW)] : []),
    ...(!hybrid && battery ? [device(`${siteId}-battery`, 'battery', battery.maxW, { battery: rating! })] : []),
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

const ratingOf = ({ capacityWh, maxW, minSocPct }: NonNullable<ScenarioSite['battery']>): BatteryRating => ({
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
  const { id, battery, pvRatedW, hybrid, generators, chargers } = spec;
  const seed = seedOf(id, scenario.name);
  const pack = battery && { ...ratingOf(battery), startSocPct: battery.socPct };
  const array = { peakW: pvRatedW ?? 0, tiltDeg: 30, azimuthDeg: 180 };
  return {
    id,
    seed,
    kind: spec.kind,
    zone: scenario.zone,
    latitude: 51,
    longitude: 10,
    host: '127.0.0.1',
    port: 0,
    load: { kind: 'replay', rows: rowsOf({ ...spec, seed }, scenario.start, scenario.for) },
    meter: { id: `${id}-meter`, unitId: 1, map: 'sunspec-203' },
    ...(hybrid && pack ? { hybrid: { id: `${id}-hybrid`, unitId: 2, ratedW: pvRatedW!, array, pack } } : {}),
    ...(!hybrid && pvRatedW !== undefined ? { pv: { id: `${id}-sun`, unitId: 2, models: '103', ratedW: pvRatedW, array } as const } : {}),
    ...(!hybrid && battery && pack
      ? { battery: { id: `${id}-battery`, unitId: 3, models: '124', ratedW: battery.maxW, pack } as const }
      : {}),
    generators: generators.map(({ runs: _runs, ...generator }, index) => ({
      ...generator,
      unitId: 10 + index,
      map: genset,
      noLoadLitresPerH: 1,
      litresPerKwh: 0.3,
      tankLitres: 400,
    })),
    chargers: chargers.map(({ id: chargerId, ratedW, phases, cars }, index) => ({
      id: chargerId,
      unitId: 200 + index,
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
