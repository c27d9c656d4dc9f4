import { z } from 'zod';
import { isZone } from '../../kernel/local-day.js';
import { DAY_MS, SECOND_MS } from '../../kernel/units.js';
import { type CrossCheck, parseYaml } from '../../platform/yaml-file.js';
import { LIMIT_KINDS } from '../../signals/operator-limit.js';
import { id, siteSchema, span, watts } from './scenario-site.js';

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
        '`SITE.grid`, `SITE.battery`, `SITE.sun`, `SITE.load`, `SITE.given` (by its inverters and engines together), `fleet.grid`, or the id of an inverter (what leaves it; of a hybrid also `ID.sun` and `ID.battery`), a generator or a charger, which is negative while it draws',
      ),
    ...during,
    ...bounds,
    mean: span.optional().describe('every mean over so long'),
  }),
  z.strictObject({ socPct: id.describe('a site, or one of its batteries'), ...during, ...bounds }),
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
export type Happening = Scenario['happens'][number];
export type Expectation = Scenario['expect'][number];

/** Of a union of shapes, those that have a field. */
type With<Shape, Key extends string> = Shape extends Record<Key, unknown> ? Shape : never;
export type HappeningOf<Key extends string> = With<Happening, Key>;
export type ExpectationOf<Key extends string> = With<Expectation, Key>;

/** Happenings of one kind, told by the field that only it has. */
export const those = <Key extends string>(happens: readonly Happening[], key: Key): HappeningOf<Key>[] =>
  happens.filter((one) => key in one) as unknown as HappeningOf<Key>[];

/** Devices of a site by the names a scenario uses. */
const deviceIdsOf = ({ id: site, roofs, batteries, generators, chargers }: ScenarioSite): string[] => [
  `${site}-meter`,
  ...[...roofs, ...batteries, ...generators, ...chargers].map((device) => device.id),
];

/** A scenario from its file. Throws `BadInput` with every fault and its line. */
export const parseScenario = (file: string, text: string): Scenario => parseYaml(file, text, scenarioSchema, crossCheck);

/** Everything that has a name stands in one list of names. */
const twins = (sites: readonly ScenarioSite[]): ReturnType<CrossCheck<Scenario>> => {
  const [known, doubles] = [new Set<string>(), new Set<string>()];
  return sites.flatMap((site, index) =>
    [site.id, ...deviceIdsOf(site)].flatMap((name) => {
      const isDouble = known.has(name) && !doubles.has(name);
      if (isDouble) doubles.add(name);
      known.add(name);
      return isDouble ? [{ path: ['sites', index], message: `there is another site or device "${name}"; give it an id of its own` }] : [];
    }),
  );
};

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
    ...twins(sites),
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
