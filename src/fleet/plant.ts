import type { Watt, WattHour } from '../kernel/units.js';

export type SiteId = string;
export type DeviceId = string;
export type HouseholdId = string;

/**
 * What a device is to its site. A hybrid inverter is sun and battery behind one AC terminal; a flexible load is a charger, a heat pump or
 * cooling that can be told to draw less.
 */
export const DEVICE_ROLES = ['grid-meter', 'pv', 'battery', 'hybrid', 'generator', 'flexible-load'] as const;
export type DeviceRole = (typeof DEVICE_ROLES)[number];

/** What ends a setpoint when the plant falls silent (DESIGN §5.1), the surest first: the device itself, a supervisor beside the plant, nothing. */
export const REVERSION_CLASSES = ['device', 'supervisor', 'none'] as const;
export type ReversionClass = (typeof REVERSION_CLASSES)[number];

/** A Modbus host. `rtu`: a gateway that passes RTU frames, with their check sums, over TCP. */
export interface TcpBus {
  readonly host: string;
  readonly port: number;
  readonly framing?: 'tcp' | 'rtu';
}

/** A serial line (RS-485) of this computer, on which Modbus RTU is spoken. */
export interface SerialBus {
  readonly serial: string;
  readonly baudRate: number;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
}

/** What units share: one host and port, or one line. */
export type ModbusBus = TcpBus | SerialBus;
export type ModbusAddress = ModbusBus & {
  readonly unitId: number;
  /** Where the SunSpec map begins, of a device that keeps it in another place than the usual ones. */
  readonly sunspecBase?: number;
  /** Silence that the unit needs between its last answer and the next request to it; its profile's where nothing is said. */
  readonly minGapMs?: number;
};

export const isSerial = (bus: ModbusBus): bus is SerialBus => 'serial' in bus;

/** The name of a bus; the same for all its units. */
export const busName = (bus: ModbusBus): string => (isSerial(bus) ? bus.serial : `${bus.host}:${bus.port}`);

export interface BatteryRating {
  readonly capacityWh: WattHour;
  readonly maxChargeW: Watt;
  readonly maxDischargeW: Watt;
  /** Energy kept on the way in, and on the way out; each 0–1. */
  readonly chargeEfficiency: number;
  readonly dischargeEfficiency: number;
  /** The range the battery itself works in. A household's reserve floor comes on top. */
  readonly minSocPct: number;
  readonly maxSocPct: number;
}

export interface GeneratorRating {
  readonly minW: Watt;
  readonly maxW: Watt;
  readonly rampWPerS: number;
  readonly warmUpS: number;
  readonly minUpS: number;
  readonly minDownS: number;
  /** Fuel burnt whenever it runs, and for each kWh on top. */
  readonly noLoadLitresPerH: number;
  readonly litresPerKwh: number;
  readonly fuelMicroPerLitre: number;
  readonly startMicro: number;
}

/** Energy that a flexible load has to have had by a time of each day, on the site's clock. */
export interface DailyNeed {
  readonly energyWh: WattHour;
  /** `HH:MM`: from then on it can draw (a car is back), and by then it has to be done. Over midnight where `by` is not after `from`. */
  readonly from: string;
  readonly by: string;
  /** What it takes at most where that is less than its device gives, as a car of 11 kW at a charger of 22 kW. One on a single phase is `phases: 1`. */
  readonly maxW?: Watt;
}

export interface FlexibleLoadRating {
  readonly kind: Exclude<ControllableLoad['kind'], 'battery'>;
  /** Least power while it draws any, W: a charger's 6 A on each of its phases. */
  readonly minW: Watt;
  /** That what hangs on it draws from: a limit in amperes is on each of them. */
  readonly phases: 1 | 3;
  /** How long it draws at least once it has begun, and stands once it was held back; what is usual of its kind where nothing is said. */
  readonly minUpS?: number;
  readonly minDownS?: number;
  /** Absent: nobody knows what it needs, so that the plan leaves it to itself. */
  readonly need?: DailyNeed;
}

/** What was found when a device was commissioned at its site. */
export interface CommissioningRecord {
  /** ISO 8601, in UTC. */
  readonly at: string;
  /** From a write to the first clear response of its power. */
  readonly latencyMs?: number;
  /** From the last write to the moment it had let go by itself, in seconds. */
  readonly reversionS?: number;
}

export interface Device {
  readonly id: DeviceId;
  readonly siteId: SiteId;
  readonly name: string;
  readonly role: DeviceRole;
  /** `sunspec`, or the name of a file in `hardware/profiles`. */
  readonly profile: string;
  readonly address: ModbusAddress;
  /** -1 where the meter's clamps look the other way, so that its import is the site's export. */
  readonly direction: 1 | -1;
  readonly pollPeriodMs: number;
  readonly reversion: ReversionClass;
  /** What is done about a setpoint that somebody else has given: it is left alone, which is the rule, or overwritten. */
  readonly foreignSetpoints?: 'yield' | 'insist';
  /** How often each of its registers may be written in a day for the plan's sake; absent where it does not matter. */
  readonly writesPerDay?: number;
  /** AC power the device can give at most: rating of an inverter or a generator; of a flexible load, what it draws at most. */
  readonly ratedW: Watt;
  readonly pvPeakW?: Watt;
  readonly battery?: BatteryRating;
  readonly generator?: GeneratorRating;
  readonly flexibleLoad?: FlexibleLoadRating;
  readonly commissioned?: CommissioningRecord;
}

/** What a site enrolled for an operator's limits holds to while none is in force (DESIGN §5.2); magnitudes in W, absent: not enrolled. */
export interface SafeLimits {
  readonly importW?: Watt;
  readonly exportW?: Watt;
  readonly generationW?: Watt;
  readonly sunW?: Watt;
  readonly loadW?: Watt;
}

/** A controllable load of § 14a EnWG (steuerbare Verbrauchseinrichtung), with its rated draw from the grid. */
export interface ControllableLoad {
  readonly kind: 'charger' | 'battery' | 'heat-pump' | 'cooling';
  readonly ratedW: Watt;
}

/** Where a site is and how its modules lie; degrees, north and east positive, azimuth 180 is south. What is not known is learnt. */
export interface SiteLocation {
  readonly latitude: number;
  readonly longitude: number;
  readonly tiltDeg?: number;
  readonly azimuthDeg?: number;
}

export interface Site {
  readonly id: SiteId;
  readonly name: string;
  readonly kind: 'home' | 'community-battery' | 'generators';
  readonly householdId?: HouseholdId;
  readonly zone: string;
  /** For forecasts of the sun. */
  readonly location?: SiteLocation;
  /** Most the grid connection may take from and give to the grid, both positive. */
  readonly importLimitW: Watt;
  readonly exportLimitW: Watt;
  /** Current that each phase of the connection carries at most, by its main fuse; A. Held where the grid meter tells the currents. */
  readonly phaseLimitA?: number;
  readonly safeLimits?: SafeLimits;
  /** What the network operator may dim (§ 14a EnWG). Batteries and flexible loads among these are commanded; others have a control of their own. */
  readonly controllableLoads?: readonly ControllableLoad[];
  readonly devices: readonly Device[];
}

export interface Household {
  readonly id: HouseholdId;
  readonly name: string;
  readonly siteId: SiteId;
}

/** Everything that stands in a fleet file. */
export interface Plant {
  readonly name: string;
  readonly zone: string;
  readonly currency: string;
  readonly households: readonly Household[];
  readonly sites: readonly Site[];
}

/** What a household allows: energy kept back in its battery, and events it stays out of. */
export interface Consent {
  readonly reserveFloorPct: number;
  /** Stays out of every event until it says otherwise. */
  readonly optedOut: boolean;
}

/** Whether sun comes out of it; a hybrid's terminal gives its battery's power too. */
export const givesSun = ({ role }: Pick<Device, 'role'>): boolean => role === 'pv' || role === 'hybrid';

/** A flexible load that can be told something, and of which it is known what it needs: the plan moves it, and what the house draws is forecast without it. */
export const isPlannedApart = ({ flexibleLoad, reversion }: Partial<Pick<Device, 'flexibleLoad' | 'reversion'>>): boolean =>
  flexibleLoad?.need !== undefined && reversion !== 'none';

/** What a flexible load can draw at most while its need is met; W. */
export const mostDrawW = ({ ratedW, flexibleLoad }: Pick<Device, 'ratedW' | 'flexibleLoad'>): Watt =>
  Math.min(ratedW, flexibleLoad?.need?.maxW ?? Infinity);

export const devicesOf = (plant: Plant): Device[] => plant.sites.flatMap((site) => site.devices);
