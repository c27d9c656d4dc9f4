import type { PvArray } from '../kernel/sun.js';
import type { DurationMs, EpochMs, Watt, WattHour } from '../kernel/units.js';
import type { Profile } from '../registers/profile.js';

/**
 * What there is to simulate. The simulator knows nothing of fleet files: who starts it maps one to these. A device's `id`
 * is the caller's own name for it; all devices of a site share its port and differ in `unitId`.
 */
export interface VirtualSite {
  readonly id: string;
  /** Everything made up about the site follows from this number and the time. */
  readonly seed: number;
  /** Sites of one sky seed have the same weather; by default the sites within one degree of each other. */
  readonly skySeed?: number;
  readonly kind: 'home' | 'community-battery' | 'generators';
  readonly zone: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly load: LoadSource;
  readonly meter: VirtualMeter;
  readonly pv?: VirtualPv;
  readonly battery?: VirtualBattery;
  /** A hybrid inverter stands in the place of `pv` and `battery`. */
  readonly hybrid?: VirtualHybrid;
  /** What else hangs on its bus: a second roof, a second battery. */
  readonly further?: readonly FurtherInverter[];
  readonly generators?: readonly VirtualGenerator[];
  readonly chargers?: readonly VirtualCharger[];
  readonly faults?: readonly DeviceFault[];
  readonly nominalVoltageV?: number;
  readonly nominalFrequencyHz?: number;
}

/**
 * A made-up household (scaled to a mean of `meanW` where given; a site that is no home has the steady draw of its own
 * cabinets), or measured rows, which then also tell the sun where the site has any.
 */
export type LoadSource =
  { readonly kind: 'made-up'; readonly meanW?: Watt } | { readonly kind: 'replay'; readonly rows: readonly ReplayRow[] };

/** One measured row: mean powers over `[startMs, endMs)`, both positive. Where no row is, nothing is known. */
export interface ReplayRow {
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
  readonly loadW: Watt;
  readonly pvW: Watt;
}

interface OnTheBus {
  readonly id: string;
  readonly unitId: number;
}

export interface VirtualMeter extends OnTheBus {
  readonly map: 'sunspec-203' | Profile;
  /** -1 where the clamps look the other way: the meter then calls the site's import an export. */
  readonly direction?: 1 | -1;
}

export interface BatteryPack {
  readonly capacityWh: WattHour;
  readonly maxChargeW: Watt;
  readonly maxDischargeW: Watt;
  /** Energy kept on the way in, and on the way out, at the AC terminals; each 0–1. */
  readonly chargeEfficiency: number;
  readonly dischargeEfficiency: number;
  readonly minSocPct: number;
  readonly maxSocPct: number;
  /** Where the simulation begins; half full by default. */
  readonly startSocPct?: number;
}

/** Serves 1 + 103 (integers) or 113 (floats) + 120 + 121 + 122 + 123. */
export interface VirtualPv extends OnTheBus {
  readonly models: '103' | '113';
  readonly ratedW: Watt;
  readonly array: PvArray;
}

/** Serves 1 + 103 + 121 + 124, or 1 + 701 + 702 + 704 + 713 + 802. */
export interface VirtualBattery extends OnTheBus {
  readonly models: '124' | '704';
  readonly ratedW: Watt;
  readonly pack: BatteryPack;
}

/** Serves 1 + 103 + 121 + 123 + 124 + 160; sun and battery share `ratedW` at the AC terminal. */
export interface VirtualHybrid extends OnTheBus {
  readonly ratedW: Watt;
  readonly array: PvArray;
  readonly pack: BatteryPack;
}

/** One more inverter of a site. */
export type FurtherInverter = ({ readonly pv: VirtualPv } | { readonly battery: VirtualBattery } | { readonly hybrid: VirtualHybrid }) & {
  /** Where its sun is measured by itself: the `pvW` of these. Otherwise replayed sun is that of all arrays, by their peaks. */
  readonly rows?: readonly ReplayRow[];
};

export interface VirtualGenerator extends OnTheBus {
  readonly map: Profile;
  readonly minW: Watt;
  readonly maxW: Watt;
  readonly rampWPerS: number;
  readonly warmUpS: number;
  readonly coolDownS: number;
  /** Counted from the end of the warm-up to the moment it begins to cool down. */
  readonly minUpS: number;
  /** Counted from the moment it begins to cool down to the next warm-up. */
  readonly minDownS: number;
  readonly noLoadLitresPerH: number;
  readonly litresPerKwh: number;
  readonly tankLitres: number;
  /** The tank is filled up whenever the generator stands still with less than this in it; 25 by default. */
  readonly refuelBelowPct?: number;
}

/** What a car can take, where that is less than its charger gives: at most, and from how many of its phases. */
export interface CarTakes {
  readonly maxW?: Watt;
  readonly phases?: 1 | 3;
}

/** When a car usually comes and has to go again, `HH:MM` on the site's clock, and the energy that it usually wants. */
export interface CarHabits extends CarTakes {
  readonly from: string;
  readonly by: string;
  readonly energyWh: WattHour;
}

/** A car on a charger over `[comesMs, goesMs)`, and the energy that it wants. */
export interface CarVisit extends CarTakes {
  readonly comesMs: EpochMs;
  readonly goesMs: EpochMs;
  readonly energyWh: WattHour;
}

/** Answers as a KEBA KeContact does. */
export interface VirtualCharger extends OnTheBus {
  readonly ratedW: Watt;
  readonly phases: 1 | 3;
  readonly car: CarHabits | readonly CarVisit[];
}

/**
 * What goes wrong. Times count from the start of the fleet (`afterMs`) and are over after `forMs`.
 * - `offline`: the device does not answer; its gateway says so (exception 11), or nobody says anything.
 * - `meter-gaps`: about once in `everyMs` the device answers "device failure" (exception 4) for `forMs`.
 * - `timer-stuck`: the device's registers take a reversion time and nothing ever reverts.
 * - `deaf`: the device's registers take setpoints and it does what it would do without.
 * - `start-fails`: a generator that begins to warm up inside the window ends up failed.
 */
export type DeviceFault =
  | {
      readonly kind: 'offline';
      readonly deviceId: string;
      readonly afterMs: DurationMs;
      readonly forMs: DurationMs;
      readonly answer?: 'exception' | 'silence';
    }
  | { readonly kind: 'meter-gaps'; readonly deviceId: string; readonly everyMs: DurationMs; readonly forMs: DurationMs }
  | {
      readonly kind: 'start-fails' | 'timer-stuck' | 'deaf';
      readonly deviceId: string;
      readonly afterMs: DurationMs;
      readonly forMs: DurationMs;
    };

/** What hangs on one inverter, or on the two of a site that has no more. */
export type Inverters = Pick<VirtualSite, 'pv' | 'battery' | 'hybrid'>;

/** The sun's array, whichever inverter it hangs on, with that inverter's AC rating. */
export const arrayOf = ({ hybrid, pv }: Inverters): { array: PvArray; ratedW: Watt } | undefined => hybrid ?? pv;

/** The battery, whichever inverter it hangs on. */
export const packOf = ({ hybrid, battery }: Inverters): BatteryPack | undefined => (hybrid ?? battery)?.pack;

export const inverterId = ({ pv, battery, hybrid }: Inverters): string => (hybrid ?? pv ?? battery)!.id;

/** The first named of a site, and then each of the further ones. */
export const inverterSetsOf = (site: VirtualSite): readonly Inverters[] => [site, ...(site.further ?? [])];

/** The SunSpec models that can be written on each of these devices. */
export const controlledModelsOf = ({ pv, battery, hybrid }: Inverters): ReadonlyMap<string, readonly string[]> =>
  new Map([
    ...(pv ? [[pv.id, ['123']] as const] : []),
    ...(battery ? [[battery.id, battery.models === '124' ? ['124'] : ['704', '802']] as const] : []),
    ...(hybrid ? [[hybrid.id, ['123', '124']] as const] : []),
  ]);
