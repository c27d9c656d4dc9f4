import { z } from 'zod';
import { isZone } from '../../kernel/local-day.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/units.js';
import { type CrossCheck, parseYaml } from '../../platform/yaml-file.js';
import { LIMIT_KINDS } from '../../signals/operator-limit.js';

const UNIT_MS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS };

/** `90s`, `5m`, `1h30m`: a length of time, or a moment counted from the start. */
const span = z
  .string()
  .regex(/^(\d+(\.\d+)?[smh])+$/, 'must read like 90s, 5m or 1h30m')
  .transform((text) => [...text.matchAll(/([\d.]+)([smh])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit!]!, 0));

/** A power over time: one number, or steps; with `over` a step is a straight way. */
const course = z.union([z.number().min(0), z.array(z.strictObject({ at: span, w: z.number().min(0), over: span.optional() })).min(1)]);

const id = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'use lower-case letters, digits and dashes');
const watts = z.number().min(0);

const batterySchema = z.strictObject({
  capacityWh: z.number().positive().default(10_000),
  maxW: z.number().positive().default(5_000),
  socPct: z.number().min(0).max(100).default(50),
  minSocPct: z.number().min(0).max(100).default(5),
  ignoresUnderW: watts.default(0).describe('changes of its setpoint smaller than this it does not follow'),
  rampWPerS: z.number().positive().optional().describe('how fast it follows a setpoint'),
});

const generatorSchema = z.strictObject({
  id,
  minW: watts.default(3_000),
  maxW: z.number().positive().default(10_000),
  warmUpS: watts.default(30),
  coolDownS: watts.default(60),
  minUpS: watts.default(300),
  minDownS: watts.default(120),
  rampWPerS: z.number().positive().default(1_000),
  runs: z.boolean().default(false).describe('whether it runs at the start'),
});

const chargerSchema = z.strictObject({
  id,
  ratedW: z.number().positive().default(11_040),
  phases: z.union([z.literal(1), z.literal(3)]).default(3),
  cars: z
    .array(
      z.strictObject({
        comes: span.default(0),
        goes: span.optional(),
        energyWh: z.number().positive(),
        maxW: z.number().positive().optional(),
        phases: z.union([z.literal(1), z.literal(3)]).optional(),
      }),
    )
    .default([])
    .describe(
      'who hangs on it from when to when, and wants how much; what it takes at most, where its charger gives more, and on how many phases',
    ),
  need: z
    .strictObject({ energyWh: z.number().positive(), from: z.string(), by: z.string() })
    .optional()
    .describe('what the plant expects it to need each day, as a fleet file does'),
});

const siteSchema = z.strictObject({
  id,
  kind: z.enum(['home', 'community-battery', 'generators']).default('home'),
  importLimitW: z.number().positive().default(30_000),
  exportLimitW: watts.default(30_000),
  phaseLimitA: z.number().positive().optional().describe('what each phase carries; what charges on one does so on the first'),
  safeLimits: z
    .strictObject({
      importW: watts.optional(),
      exportW: watts.optional(),
      generationW: watts.optional(),
      sunW: watts.optional(),
      loadW: watts.optional(),
    })
    .optional(),
  reserveFloorPct: z.number().min(0).max(100).default(20),
  optedOut: z.boolean().default(false),
  baselineW: z.number().optional().describe('what it would take from the grid without an event'),
  meterDelay: span.default(0).describe('how old the meter’s word is when it is read'),
  loadW: course.default(0),
  loadNoiseW: watts.default(0).describe('the load wanders by up to so much, anew each second'),
  sunW: course.default(0),
  pvRatedW: z.number().positive().optional(),
  hybrid: z.boolean().default(false).describe('sun and battery hang on one inverter of pvRatedW'),
  battery: batterySchema.optional(),
  generators: z.array(generatorSchema).default([]),
  chargers: z.array(chargerSchema).default([]),
});

const planSchema = z.union([
  z.strictObject({ device: id, from: span.optional(), to: span.optional(), batteryW: z.number(), gridW: z.number() }),
  z.strictObject({ device: id, from: span.optional(), to: span.optional(), run: z.boolean(), powerW: watts }),
  z.strictObject({ device: id, from: span.optional(), to: span.optional(), sunAtMostW: watts }),
  z.strictObject({ device: id, from: span.optional(), to: span.optional(), drawW: watts, toComeWh: watts.default(0) }),
]);

const at = { at: span };
const lasting = { ...at, for: span };
const happeningSchema = z.union([
  z.strictObject({ ...lasting, event: z.enum(['up', 'down']), powerW: z.number().positive(), id: z.string().default('EV-0001') }),
  z.strictObject({ ...at, amendEvent: z.number().positive(), id: z.string().default('EV-0001') }),
  z.strictObject({ ...at, cancelEvent: z.string() }),
  z.strictObject({ ...at, optOut: id }),
  z.strictObject({ ...lasting, limit: z.enum(LIMIT_KINDS), scope: id.default('fleet'), valueW: watts, by: z.string().default('dso') }),
  z.strictObject({ ...at, withdrawLimits: z.string().describe('who takes all of its limits back') }),
  z.strictObject({ ...lasting, override: id, powerW: z.number(), run: z.boolean().optional(), by: z.string().default('anna') }),
  z.strictObject({ ...at, endOverride: id }),
  z.strictObject({ ...lasting, lockOut: id }),
  z.strictObject({ ...lasting, silent: id }),
  z.strictObject({ ...lasting, lost: id.describe('a device that is silent and gives nothing') }),
  z.strictObject({ ...lasting, alone: id.describe('a site that says it is cut off from the public grid') }),
  z.strictObject({ ...lasting, frozen: id.describe('a site whose meter goes on saying the same') }),
  z.strictObject({ ...lasting, deaf: id.describe('a device that takes setpoints and does not follow them') }),
  z.strictObject({ ...lasting, startFails: id }),
  z.strictObject({ ...lasting, dead: z.literal('plant').describe('the process is killed, and starts again after `for`') }),
  z.strictObject({ ...lasting, released: z.literal('all') }),
  z.strictObject({
    ...at,
    clockJumps: span.describe('by how much the clock of the plant is put forward; what is planned or asked for goes by it'),
  }),
  z.strictObject({ ...lasting, planLost: z.literal(true) }),
]);

const during = { from: span, to: span.optional() };
const bounds = { atLeast: z.number().optional(), atMost: z.number().optional() };
const expectationSchema = z.union([
  z.strictObject({
    power: z
      .string()
      .describe(
        '`SITE.grid`, `SITE.battery`, `SITE.sun`, `SITE.load`, `SITE.given` (by its inverters and engines together), `fleet.grid`, or the id of a generator or a charger, which is negative while it draws',
      ),
    ...during,
    ...bounds,
    mean: span.optional().describe('every mean over so long'),
  }),
  z.strictObject({ socPct: id, ...during, ...bounds }),
  z.strictObject({
    owner: id.describe('a device'),
    is: z.string().describe('who holds it, as `plan`, `event`, `override`, `nobody`'),
    ...during,
  }),
  z.strictObject({ reason: id.describe('a device'), says: z.string(), ...during }),
  z.strictObject({ starts: id.describe('a generator'), atLeast: z.number().optional(), atMost: z.number().optional() }),
  z.strictObject({ writes: id.describe('a device, or `every`'), perHour: z.number().positive().describe('at most') }),
  z.strictObject({
    settles: z.string().describe('as under `power`'),
    ...during,
    toW: z.number(),
    bandW: z.number().positive(),
    within: span,
    stepW: z.number().positive(),
    overshootPct: z.number().min(0),
  }),
  z.strictObject({ shared: z.enum(['wanted', 'given']), ...during, ...bounds }),
]);

const scenarioSchema = z.strictObject({
  name: z.string().min(3),
  says: z.string().min(10).describe('what is to be seen, and why it matters'),
  failsWithout: z.string().default('dispatch').describe('what this needs to pass: `dispatch`, or a kind of happening'),
  start: z.iso.datetime().transform((text) => Date.parse(text)),
  for: span,
  cycle: span.default(SECOND_MS),
  zone: z.string().refine(isZone, 'not an IANA time zone, such as Europe/Berlin').default('Europe/Berlin'),
  sites: z.array(siteSchema).min(1),
  plan: z.array(planSchema).default([]),
  happens: z.array(happeningSchema).default([]),
  expect: z.array(expectationSchema).min(1),
});

export type Scenario = z.infer<typeof scenarioSchema>;
export type ScenarioSite = Scenario['sites'][number];
export type Course = z.infer<typeof course>;
export type Happening = Scenario['happens'][number];
export type Expectation = Scenario['expect'][number];

/** Of a union of shapes, those that have a field. */
type With<Shape, Key extends string> = Shape extends Record<Key, unknown> ? Shape : never;
export type HappeningOf<Key extends string> = With<Happening, Key>;
export type ExpectationOf<Key extends string> = With<Expectation, Key>;

/** Happenings of one kind, told by the field that only it has. */
export const those = <Key extends string>(happens: readonly Happening[], key: Key): HappeningOf<Key>[] =>
  happens.filter((one) => key in one) as unknown as HappeningOf<Key>[];

/** Devices of a site by the names a scenario uses: `SITE-meter`, `SITE-sun`, `SITE-battery`, `SITE-hybrid`, its generators and its chargers. */
export const deviceIdsOf = ({ id: site, pvRatedW, hybrid, battery, generators, chargers }: ScenarioSite): string[] => [
  `${site}-meter`,
  ...(hybrid ? [`${site}-hybrid`] : [...(pvRatedW === undefined ? [] : [`${site}-sun`]), ...(battery ? [`${site}-battery`] : [])]),
  ...[...generators, ...chargers].map((device) => device.id),
];

/** A scenario from its file. Throws `BadInput` with every fault and its line. */
export const parseScenario = (file: string, text: string): Scenario => parseYaml(file, text, scenarioSchema, crossCheck);

const crossCheck: CrossCheck<Scenario> = ({ sites, plan, happens, expect, for: lengthMs, failsWithout }) => {
  const siteIds = new Set(sites.map((site) => site.id));
  const deviceIds = new Set(sites.flatMap(deviceIdsOf));
  const known = (name: string): boolean => siteIds.has(name) || deviceIds.has(name) || name === 'fleet' || name === 'every';
  const strangers = (entries: readonly object[], where: string, keys: readonly string[]) =>
    entries.flatMap((entry, index) =>
      keys.flatMap((key) => {
        const name = (entry as Record<string, unknown>)[key];
        if (typeof name !== 'string' || known(name.replace(/\.(grid|battery|sun|load|given)$/, ''))) return [];
        return [{ path: [where, index, key], message: `there is no site or device "${name}"` }];
      }),
    );
  return [
    ...sites.flatMap((site, index) =>
      site.hybrid && !(site.battery && site.pvRatedW)
        ? [{ path: ['sites', index], message: 'a hybrid needs `battery` and `pvRatedW`' }]
        : [],
    ),
    ...strangers(plan, 'plan', ['device']),
    ...strangers(happens, 'happens', [
      'optOut',
      'scope',
      'override',
      'endOverride',
      'lockOut',
      'silent',
      'lost',
      'frozen',
      'alone',
      'deaf',
      'startFails',
    ]),
    ...strangers(expect, 'expect', ['power', 'socPct', 'owner', 'reason', 'starts', 'writes', 'settles']),
    ...happens.flatMap((one, index) => (one.at < lengthMs ? [] : [{ path: ['happens', index, 'at'], message: 'lies after the end' }])),
    ...(failsWithout === 'dispatch' || happens.some((one) => failsWithout in one)
      ? []
      : [{ path: ['failsWithout'], message: `nothing of the kind "${failsWithout}" happens` }]),
    ...(lengthMs <= DAY_MS ? [] : [{ path: ['for'], message: 'a scenario lasts 24 hours at the most' }]),
  ];
};
