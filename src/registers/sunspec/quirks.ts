import type { GroupDef, PointDef, PointType, SunspecModel } from './model.js';

/** What is different about one point. A type in place of the model's own has as many registers. */
interface PointQuirk {
  readonly type?: PointType;
  /** -1: counted the other way round. `magnitude`: its sign says nothing. */
  readonly sign?: -1 | 'magnitude';
  /** What it reads is not so. */
  readonly untold?: true;
}

/** Which devices a quirk is of; what is left out is any. */
interface QuirkDevices {
  readonly manufacturer?: RegExp;
  readonly model?: RegExp;
  readonly version?: RegExp;
}

/** Where a kind of device departs from the SunSpec models it shows. */
export interface Quirk {
  /** As `vpp device read` shows it. */
  readonly name: string;
  readonly devices: QuirkDevices;
  readonly source: string;
  /** The models it touches. */
  readonly models: readonly number[];
  /** By the points' names; a group's points too. Names that a model does not have are another model's. */
  readonly points: Readonly<Record<string, PointQuirk>>;
}

const METERS_IN_INTEGERS = [201, 202, 203, 204];
const METERS = [...METERS_IN_INTEGERS, 211, 212, 213];

/**
 * Known quirks. To add one: say which devices, which models, what is different about which points, and where that is written
 * down. They are TypeScript and not a file of data, since they speak of points by name, and a test holds the names against the tables.
 *
 * Quirks of a device's chain need no entry: the walk finds blocks that moved (SolarEdge's meters behind model 160), takes an
 * exception, an id of 0 (Kostal inverters, sunspec/models issue 44) or the end of the registers (SMA STP-3SE-40,
 * bikeshedder/sunspec pull request 20) for its end, and learns a map anew whose models moved (SMA STP X at night,
 * pysunspec2 issue 89).
 */
export const SUNSPEC_QUIRKS: readonly Quirk[] = [
  {
    name: 'power into the grid is positive',
    // The inverter's name: its meters stand in its own chain, under the names of whoever made them.
    devices: { manufacturer: /^SolarEdge/i },
    source:
      'WillCodeForCats/solaredge-modbus-multi issue 69; evcc template solaredge-inverter (203:W with scale -1, counters as they are); evcc issue 15445 (registers)',
    models: METERS,
    points: { W: { sign: -1 }, WphA: { sign: -1 }, WphB: { sign: -1 }, WphC: { sign: -1 } },
  },
  {
    name: 'voltages between lines are unsigned',
    devices: { manufacturer: /^(SolarEdge|WattNode)/i },
    source: 'sunspec/pysunspec2 issue 48: 399.27 V in steps of 10 mV do not fit the model’s signed register',
    models: METERS_IN_INTEGERS,
    points: Object.fromEntries(
      ['PPV', 'PPVphAB', 'PPVphBC', 'PPVphCA', 'PhVphAB', 'PhVphBC', 'PhVphCA'].map((name) => [name, { type: 'uint16' }]),
    ),
  },
  {
    name: 'exported energy counts downwards',
    devices: { model: /KOSTAL Smart Ene/i },
    source:
      'CJNE/ha-sunspec issues 88 and 249, volkszaehler/mbmd pull request 97: a negative 32-bit number; newer firmware may be right, and reads the same',
    models: METERS_IN_INTEGERS,
    points: Object.fromEntries(
      ['TotWhExp', 'TotWhExpPhA', 'TotWhExpPhB', 'TotWhExpPhC'].map((name) => [name, { type: 'int32', sign: 'magnitude' }]),
    ),
  },
  {
    name: 'model 123 does not tell what is in force',
    devices: { manufacturer: /^SMA/i, model: /^SB\d\.\d-1AV-4/i },
    source:
      'nielsbasjes/sunspec-device, registers of an SB3.6-1AV-41 in 2023 and 2025: a limit of 0 % enabled, and disconnected, while it gives 970 W',
    models: [123],
    points: { Conn: { untold: true }, WMaxLimPct: { untold: true }, WMaxLim_Ena: { untold: true } },
  },
];

/** How a device calls itself in model 1. */
export interface NamedDevice {
  readonly manufacturer?: string;
  readonly model?: string;
  readonly version?: string;
}

/** The quirks of a device that has these models. */
export const quirksOf = (device: NamedDevice, models: readonly number[]): Quirk[] =>
  SUNSPEC_QUIRKS.filter(({ devices, models: touched }) => isOne(device, devices) && models.some((id) => touched.includes(id)));

const isOne = (device: NamedDevice, wanted: QuirkDevices): boolean =>
  (['manufacturer', 'model', 'version'] as const).every((part) => wanted[part]?.test(device[part] ?? '') ?? true);

/** A model's layout as this device means it: the same object where no quirk touches it. */
export const withQuirks = (model: SunspecModel, quirks: readonly Quirk[]): SunspecModel => {
  const touching = quirks.filter(({ models }) => models.includes(model.id));
  return touching.length === 0 ? model : { ...withPoints(model, Object.assign({}, ...touching.map(({ points }) => points))), id: model.id };
};

const withPoints = (group: GroupDef, points: Quirk['points']): GroupDef => ({
  ...group,
  points: group.points.map((point): PointDef => ({ ...point, ...points[point.name] })),
  groups: group.groups.map((inner) => withPoints(inner, points)),
});
