import type { Profiles } from '../field/profiles.js';
import { profileNamed, SUNSPEC_PROFILE } from '../field/profiles.js';
import { busName, type Device, isSerial, type Plant, type Site } from '../fleet/plant.js';
import { BadInput } from '../kernel/errors.js';
import { randomStream, seedOf } from '../kernel/random.js';
import type { PvArray } from '../kernel/sun.js';
import { MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import type { MeasuredHome } from '../simulator/homes.js';
import type {
  BatteryPack,
  DeviceFault,
  LoadSource,
  VirtualCharger,
  VirtualGenerator,
  VirtualMeter,
  VirtualSite,
} from '../simulator/spec.js';

/** Where made-up weather is made up: the middle of Germany. Measured homes bring their own sun. */
const LATITUDE = 51.2;
const LONGITUDE = 10.4;
const COOL_DOWN_S = 30;
/** Gensets stand where something draws power all day. */
const WORKS_LOAD_W = 22_000;
const TANK_LITRES = 400;

export interface VirtualSitesOptions {
  readonly plant: Plant;
  readonly profiles: Profiles;
  readonly seed: number;
  /** Homes replay these in turn; without any, households and sun are made up. */
  readonly measured: readonly MeasuredHome[];
  readonly faults: readonly DeviceFault[];
}

/** The only genset and the only charger whose way of ending what they were told the simulator knows. */
const SIMULATED: Partial<Record<Device['role'], string>> = { generator: 'virtual-genset', 'flexible-load': 'keba-kecontact' };

/** A virtual device that spoke another language than its plant expects would only look broken. */
const simulationFault = ({ id, role, profile, flexibleLoad }: Device, profiles: Profiles): string[] => {
  if (flexibleLoad && flexibleLoad.kind !== 'charger') return [`device "${id}": there is no simulated ${flexibleLoad.kind}`];
  const speaks =
    role === 'grid-meter'
      ? profile === SUNSPEC_PROFILE || profileNamed(profiles, profile).kind === 'meter'
      : profile === (SIMULATED[role] ?? SUNSPEC_PROFILE);
  return speaks ? [] : [`device "${id}": there is no simulated ${role} that answers by profile "${profile}"`];
};

/** A fleet file's plant as virtual hardware on the addresses the file names. Throws `BadInput` for what cannot be simulated. */
export const virtualSites = ({ plant, profiles, seed, measured, faults }: VirtualSitesOptions): VirtualSite[] => {
  const faultsOfFleet = plant.sites.flatMap((site) => site.devices.flatMap((device) => simulationFault(device, profiles)));
  if (faultsOfFleet.length > 0) throw new BadInput(faultsOfFleet);
  let home = -1;
  return plant.sites.map((site) => {
    if (site.kind === 'home') home += 1;
    const replayed = site.kind === 'home' && measured.length > 0 ? measured[home % measured.length] : undefined;
    return virtualSite(site, { profiles, seed, ordinal: home, load: loadOf(replayed), faults });
  });
};

const loadOf = (replayed: MeasuredHome | undefined): LoadSource =>
  replayed ? { kind: 'replay', rows: replayed.rows } : { kind: 'made-up' };

interface SiteContext {
  readonly profiles: Profiles;
  readonly seed: number;
  readonly ordinal: number;
  readonly load: LoadSource;
  readonly faults: readonly DeviceFault[];
}

const virtualSite = (site: Site, { profiles, seed, ordinal, load, faults }: SiteContext): VirtualSite => {
  const withRole = (role: Device['role']): Device[] => site.devices.filter((device) => device.role === role);
  const [meter] = withRole('grid-meter');
  const pvs = withRole('pv').map((pv) => ({
    pv: { ...onBus(pv), models: ordinal % 3 === 2 ? '113' : '103', ratedW: pv.ratedW, array: arrayOf(pv) } as const,
  }));
  const batteries = withRole('battery').map((battery) => ({
    battery: { ...onBus(battery), models: ordinal % 4 === 1 ? '704' : '124', ratedW: battery.ratedW, pack: packOf(battery) } as const,
  }));
  const hybrids = withRole('hybrid').map((hybrid) => ({
    hybrid: { ...onBus(hybrid), ratedW: hybrid.ratedW, array: arrayOf(hybrid), pack: packOf(hybrid) },
  }));
  // A hybrid stands first only where nothing else does.
  const first = pvs.length + batteries.length > 0 ? { ...pvs.shift(), ...batteries.shift() } : { ...hybrids.shift() };
  const further = [...pvs, ...batteries, ...hybrids];
  const own = new Set(site.devices.map(({ id }) => id));
  return {
    id: site.id,
    seed: seedOf(site.id, seed),
    skySeed: seed,
    kind: site.kind,
    zone: site.zone,
    latitude: LATITUDE,
    longitude: LONGITUDE,
    ...placeOf(site),
    load: site.kind === 'generators' ? { kind: 'made-up', meanW: WORKS_LOAD_W } : load,
    meter: virtualMeter(meter!, profiles),
    ...first,
    ...(further.length > 0 ? { further } : {}),
    generators: site.devices.filter((device) => device.role === 'generator').map((device) => virtualGenerator(device, profiles)),
    chargers: site.devices.filter((device) => device.role === 'flexible-load').map(virtualCharger),
    faults: faults.filter(({ deviceId }) => own.has(deviceId)),
  };
};

/** All devices of a virtual site answer on one port, as behind a gateway. */
const placeOf = (site: Site): { host: string; port: number } => {
  const places = new Set(site.devices.map(({ address }) => busName(address)));
  if (places.size > 1)
    throw new BadInput(
      `site "${site.id}": a simulated site has one host and port for all its devices, and this has ${[...places].join(', ')}; give a copy of the fleet file one \`host: 127.0.0.1\` and one \`port\` for each site, as in hardware/fleets/demo.yaml`,
    );
  const { address } = site.devices[0]!;
  if (isSerial(address)) throw new BadInput(`site "${site.id}": virtual hardware is reached by \`host\`, not on ${address.serial}`);
  return { host: address.host, port: address.port };
};

const onBus = (device: Device): { id: string; unitId: number } => ({ id: device.id, unitId: device.address.unitId });

const virtualMeter = (device: Device, profiles: Profiles): VirtualMeter => ({
  ...onBus(device),
  map: device.profile === 'sunspec' ? 'sunspec-203' : profileNamed(profiles, device.profile),
  direction: device.direction,
});

/** Roofs look roughly south, each a little otherwise. */
const arrayOf = (device: Device): PvArray => {
  const random = randomStream(seedOf('roof', device.id));
  return { peakW: device.pvPeakW ?? device.ratedW, tiltDeg: 20 + 25 * random(), azimuthDeg: 140 + 80 * random() };
};

const packOf = (device: Device): BatteryPack => ({
  ...device.battery!,
  startSocPct: 35 + 30 * randomStream(seedOf('charge', device.id))(),
});

const virtualGenerator = (device: Device, profiles: Profiles): VirtualGenerator => ({
  ...onBus(device),
  ...device.generator!,
  map: profileNamed(profiles, device.profile),
  coolDownS: COOL_DOWN_S,
  tankLitres: TANK_LITRES,
});

/** Nobody knows what a charger without a `need` gives: a usual car's day. */
const USUAL_CAR = { from: '18:00', by: '07:00', energyWh: 8_000 };

const virtualCharger = (device: Device): VirtualCharger => ({
  ...onBus(device),
  ratedW: device.ratedW,
  phases: device.flexibleLoad!.phases,
  car: device.flexibleLoad!.need ?? USUAL_CAR,
});

/** What is broken in the demo from the start: one inverter away for a while, one meter with gaps. */
export const DEMO_FAULTS: readonly DeviceFault[] = [
  { kind: 'offline', deviceId: 'home-07-pv', afterMs: 20 * SECOND_MS, forMs: 4 * MINUTE_MS, answer: 'silence' },
  { kind: 'meter-gaps', deviceId: 'home-14-meter', everyMs: 3 * MINUTE_MS, forMs: 20 * SECOND_MS },
];
