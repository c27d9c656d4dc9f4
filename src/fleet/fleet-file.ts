import { z } from 'zod';
import { isZone } from '../kernel/local-day.js';
import { type CrossCheck, parseYaml } from '../platform/yaml-file.js';
import { busName, type Consent, DEVICE_ROLES, mostDrawW, type Plant, REVERSION_CLASSES, type Site, type SiteId } from './plant.js';

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,47}$/, 'use lower-case letters, digits and dashes, 48 at most');
const name = z.string().min(1).max(80);
const zone = z.string().refine(isZone, 'not an IANA time zone, such as Europe/Berlin');
const positive = z.number().positive();
const percent = z.number().min(0).max(100);
const efficiency = z.number().gt(0.5).max(1);

const batterySchema = z.strictObject({
  capacityWh: positive,
  maxChargeW: positive,
  maxDischargeW: positive,
  chargeEfficiency: efficiency.default(0.95),
  dischargeEfficiency: efficiency.default(0.95),
  minSocPct: percent.default(5),
  maxSocPct: percent.default(100),
});

const generatorSchema = z.strictObject({
  minW: z.number().min(0),
  maxW: positive,
  rampWPerS: positive,
  warmUpS: z.number().min(0),
  minUpS: z.number().min(0),
  minDownS: z.number().min(0),
  noLoadLitresPerH: z.number().min(0),
  litresPerKwh: positive,
  fuelMicroPerLitre: z.number().int().min(0),
  startMicro: z.number().int().min(0),
});

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of the day, such as "18:30" (in quotes)');

/** A step of the plan, which knows nothing of these times; s. */
const leastTime = z.number().min(0).max(900);

const flexibleLoadSchema = z.strictObject({
  kind: z.enum(['charger', 'heat-pump', 'cooling']),
  minW: z.number().min(0).default(0).describe('its least power while it draws any'),
  phases: z.union([z.literal(1), z.literal(3)]).default(3),
  minUpS: leastTime.optional().describe('how long it draws at least once it has begun; 300 of a charger, 600 of others'),
  minDownS: leastTime.optional().describe('how long it stands at least once it was held back; 300 of a charger, 600 of others'),
  need: z
    .strictObject({ energyWh: positive, from: timeOfDay, by: timeOfDay, maxW: positive.optional() })
    .optional()
    .describe(
      'energy it has to have had each day, drawn from one time on and by another, on the site’s clock; `maxW`: what a car takes at most where that is less than its charger gives',
    ),
});

const unit = {
  unitId: z.number().int().min(0).max(255).default(1),
  minGapMs: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .optional()
    .describe('silence this device needs between its answer and the next request to it; others on its bus are not held up by it'),
  sunspecBase: z
    .number()
    .int()
    .min(0)
    .max(65_530)
    .optional()
    .describe('where the SunSpec map begins, counted from 0; 40000, 0 and 50000 are looked at without it'),
};
export const modbusSchema = z.union(
  [
    z.strictObject({
      host: z.string().min(1),
      port: z.number().int().min(1).max(65_535).default(502),
      framing: z.enum(['tcp', 'rtu']).default('tcp').describe('rtu: a gateway that passes RTU frames over TCP'),
      ...unit,
    }),
    z.strictObject({
      serial: z.string().min(1).describe('the line’s device, such as /dev/ttyUSB0 or COM3'),
      baudRate: z.number().int().min(300).max(1_000_000).default(9_600),
      parity: z.enum(['none', 'even', 'odd']).default('none'),
      stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
      ...unit,
    }),
  ],
  { error: 'needs `host` (port, framing, unitId, minGapMs, sunspecBase), or `serial` (baudRate, parity, stopBits and those)' },
);

const commissionedSchema = z.strictObject({
  at: z.iso.datetime(),
  latencyMs: z.number().int().min(0).optional(),
  reversionS: z.number().positive().optional(),
});

const deviceSchema = z.strictObject({
  id,
  name,
  role: z.enum(DEVICE_ROLES),
  profile: z.string().min(1).default('sunspec').describe('`sunspec`, or a file of hardware/profiles without `.yaml`'),
  modbus: modbusSchema,
  direction: z
    .union([z.literal(1), z.literal(-1)])
    .default(1)
    .describe('-1 where the clamps look the other way'),
  pollPeriodMs: z.number().int().min(200).max(3_600_000).default(5_000),
  reversion: z
    .enum(REVERSION_CLASSES)
    .default('none')
    .describe('what ends a setpoint: device, supervisor (`vpp supervise`) or none; `none` is never dispatched'),
  foreignSetpoints: z
    .enum(['yield', 'insist'])
    .default('yield')
    .describe('what is done about a battery’s or generator’s setpoint that somebody else has given; a limit on sun is always left'),
  writesPerDay: z
    .number()
    .int()
    .min(24)
    .optional()
    .describe('how often a register may be written in a day for the plan’s sake, where the device keeps settings in flash'),
  ratedW: positive,
  pvPeakW: positive.optional(),
  battery: batterySchema.optional(),
  generator: generatorSchema.optional(),
  flexibleLoad: flexibleLoadSchema.optional(),
  commissioned: commissionedSchema.optional().describe('written by `vpp device commission`'),
});

const safeLimitsSchema = z.strictObject({
  importW: z.number().min(0).optional(),
  exportW: z.number().min(0).optional(),
  generationW: z.number().min(0).optional(),
  sunW: z.number().min(0).optional(),
  loadW: z.number().min(0).optional(),
});

const controllableLoadSchema = z.strictObject({ kind: z.enum(['charger', 'battery', 'heat-pump', 'cooling']), ratedW: positive });

const locationSchema = z.strictObject({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  tiltDeg: z.number().min(0).max(90).optional().describe('how steep the modules stand; learnt from their output without it'),
  azimuthDeg: z.number().min(0).max(360).optional().describe('where they look, 180 is south; learnt from their output without it'),
});

const siteSchema = z.strictObject({
  id,
  name,
  kind: z.enum(['home', 'community-battery', 'generators']).default('home'),
  household: id.optional(),
  zone: zone.optional().describe('the plant’s, unless given'),
  location: locationSchema.optional().describe('for forecasts of the sun, and for the weather of VPP_WEATHER'),
  importLimitW: positive,
  exportLimitW: z.number().min(0),
  phaseLimitA: positive.optional().describe('what each phase of the connection carries at most, by its main fuse; A'),
  safeLimits: safeLimitsSchema.optional().describe('held to while no operator’s limit is in force: for sites that owe one'),
  controllableLoads: z.array(controllableLoadSchema).min(1).optional().describe('what the network operator may dim (§ 14a EnWG)'),
  reserveFloorPct: percent.default(10).describe('energy the household keeps back, until it says otherwise'),
  optedOut: z.boolean().default(false),
  devices: z.array(deviceSchema).min(1),
});

const fleetSchema = z.strictObject({
  name,
  zone,
  currency: z.string().regex(/^[A-Z]{3}$/, 'a currency code of three letters, such as EUR'),
  households: z.array(z.strictObject({ id, name })).default([]),
  sites: z.array(siteSchema).min(1),
  tariff: z.unknown().optional(),
});
type FleetFile = z.infer<typeof fleetSchema>;

export interface Fleet<Tariff = unknown> {
  readonly plant: Plant;
  /** What each site's household allows until it says otherwise. */
  readonly consents: ReadonlyMap<SiteId, Consent>;
  readonly tariff: Tariff;
}

/**
 * Reads a fleet file. The tariff belongs to a later room, which hands in its schema. Throws `BadInput` with every fault
 * at once, each with its line.
 */
export const parseFleet = <Tariff>(file: string, text: string, tariffSchema: z.ZodType<Tariff>): Fleet<Tariff> => {
  const schema = fleetSchema.extend({ tariff: tariffSchema }) as unknown as z.ZodType<FleetFile & { tariff: Tariff }>;
  const parsed = parseYaml(file, text, schema, crossCheck);
  return { plant: plantOf(parsed), consents: consentsOf(parsed), tariff: parsed.tariff };
};

const plantOf = (file: FleetFile): Plant => ({
  name: file.name,
  zone: file.zone,
  currency: file.currency,
  households: file.households.map((household) => ({
    ...household,
    siteId: file.sites.find((site) => site.household === household.id)!.id,
  })),
  sites: file.sites.map((site): Site => ({
    id: site.id,
    name: site.name,
    kind: site.kind,
    ...(site.household === undefined ? {} : { householdId: site.household }),
    zone: site.zone ?? file.zone,
    importLimitW: site.importLimitW,
    exportLimitW: site.exportLimitW,
    ...(site.phaseLimitA === undefined ? {} : { phaseLimitA: site.phaseLimitA }),
    ...(site.location === undefined ? {} : { location: site.location }),
    ...(site.safeLimits === undefined ? {} : { safeLimits: site.safeLimits }),
    ...(site.controllableLoads === undefined ? {} : { controllableLoads: site.controllableLoads }),
    devices: site.devices.map(({ modbus, ...device }) => ({ ...device, siteId: site.id, address: modbus })),
  })),
});

const consentsOf = (file: FleetFile): Map<SiteId, Consent> =>
  new Map(file.sites.map(({ id: siteId, reserveFloorPct, optedOut }) => [siteId, { reserveFloorPct, optedOut }]));

/** What no field can tell of itself: names used twice, references into nothing, ratings a role cannot do without. */
const crossCheck: CrossCheck<FleetFile> = (file) => [
  ...duplicates(
    file.households.map((household, h) => ({ key: household.id, path: ['households', h, 'id'] })),
    'household',
  ),
  ...duplicates(
    file.sites.map((site, s) => ({ key: site.id, path: ['sites', s, 'id'] })),
    'site',
  ),
  ...duplicates(
    deviceEntries(file).map(({ device, path }) => ({ key: device.id, path: [...path, 'id'] })),
    'device',
  ),
  ...duplicates(
    deviceEntries(file).map(({ device, path }) => ({
      key: `${busName(device.modbus)} unit ${device.modbus.unitId}`,
      path: [...path, 'modbus'],
    })),
    'Modbus address',
  ),
  ...lineFaults(file),
  ...householdFaults(file),
  ...file.sites.flatMap(siteFaults),
  ...deviceEntries(file).flatMap(({ device, path }) => ratingFaults(device).map((message) => ({ path, message }))),
  ...deviceEntries(file).flatMap(baseFaults),
];

type Fault = ReturnType<CrossCheck<FleetFile>>[number];

const deviceEntries = (file: FleetFile) =>
  file.sites.flatMap((site, s) => site.devices.map((device, d) => ({ device, path: ['sites', s, 'devices', d] as PropertyKey[] })));

const duplicates = (entries: { key: string; path: PropertyKey[] }[], what: string): Fault[] => {
  const seen = new Set<string>();
  return entries.flatMap(({ key, path }) => {
    if (seen.has(key)) return [{ path, message: `${what} "${key}" stands twice; give each its own` }];
    seen.add(key);
    return [];
  });
};

/** A line has one speed: units that share it must agree. The rest that one of them needs is its own. */
const lineFaults = (file: FleetFile): Fault[] => {
  const lines = new Map<string, string>();
  return deviceEntries(file).flatMap(({ device: { modbus }, path }) => {
    const spoken = JSON.stringify({ ...modbus, unitId: 0, minGapMs: 0, sunspecBase: 0 });
    const known = lines.get(busName(modbus)) ?? spoken;
    lines.set(busName(modbus), known);
    if (known === spoken) return [];
    return [{ path: [...path, 'modbus'], message: `${busName(modbus)} is spoken to in another way by a device above; one bus has one` }];
  });
};

const householdFaults = (file: FleetFile): Fault[] => {
  const known = new Set(file.households.map((household) => household.id));
  const unknown = file.sites.flatMap((site, s) =>
    site.household !== undefined && !known.has(site.household)
      ? [{ path: ['sites', s, 'household'], message: `household "${site.household}" is not listed under households` }]
      : [],
  );
  const homes = file.households.flatMap((household, h) => {
    const sites = file.sites.filter((site) => site.household === household.id).length;
    return sites === 1
      ? []
      : [
          {
            path: ['households', h],
            message: `household "${household.id}" needs exactly one site with \`household: ${household.id}\`, and has ${sites}`,
          },
        ];
  });
  return [...unknown, ...homes];
};

const siteFaults = (site: FleetFile['sites'][number], s: number): Fault[] => {
  const meters = site.devices.filter((device) => device.role === 'grid-meter').length;
  return meters === 1
    ? []
    : [{ path: ['sites', s], message: `site "${site.id}" needs exactly one device with \`role: grid-meter\`, and has ${meters}` }];
};

const baseFaults = ({ device: { modbus, profile }, path }: ReturnType<typeof deviceEntries>[number]): Fault[] =>
  modbus.sunspecBase === undefined || profile === 'sunspec'
    ? []
    : [
        {
          path: [...path, 'modbus', 'sunspecBase'],
          message: `only a SunSpec device has one, and this one is read by profile "${profile}"`,
        },
      ];

const ratingFaults = (device: FleetFile['sites'][number]['devices'][number]): string[] => [
  ...((device.role === 'battery' || device.role === 'hybrid') && !device.battery
    ? [`a ${device.role} needs its \`battery:\` ratings`]
    : []),
  ...(device.role === 'flexible-load' && !device.flexibleLoad ? ['a flexible load needs its `flexibleLoad:` ratings'] : []),
  ...(device.flexibleLoad && device.flexibleLoad.minW > mostDrawW(device) ? ['minW must not exceed ratedW, nor the maxW of its need'] : []),
  ...(device.role === 'generator' && !device.generator ? ['a generator needs its `generator:` ratings'] : []),
  ...(device.battery && device.battery.minSocPct >= device.battery.maxSocPct ? ['minSocPct must be below maxSocPct'] : []),
  ...(device.generator && device.generator.minW > device.generator.maxW ? ['minW must not exceed maxW'] : []),
];
