import { z } from 'zod';
import { DEVICE_ROLES } from '../fleet/plant.js';
import { SEVERITIES } from '../platform/alarm.entity.js';
import { USER_ROLES } from '../platform/user.entity.js';
import { EVENT_BOUNDS } from '../signals/event-rules.js';
import { EVENT_STATES } from '../signals/grid-event.js';
import { LIMIT_KINDS } from '../signals/operator-limit.js';
import { RIPPLE_STEPS_PCT } from '../signals/ripple-control.js';

/** What the API takes and gives. Times are UTC epoch milliseconds, powers W into the site's bus, energies Wh, money micro-units. */
export const epochMs = z.number().int().describe('UTC epoch milliseconds');
const watt = z.number().describe('W, positive into the site’s bus');
const wattHour = z.number().describe('Wh');
const micro = z.number().int().describe('Millionths of the plant’s currency');

export const powersSchema = z.object({ grid: watt, pv: watt, battery: watt, generator: watt });

export const dispatchStateSchema = z.object({
  mode: z.enum(['running', 'released', 'holding']),
  reason: z.string().optional(),
  sinceMs: epochMs,
  leases: z.number().int(),
});

export const plantInfoSchema = z.object({
  name: z.string(),
  mode: z.enum(['demo', 'serve']),
  simulated: z.boolean(),
  replay: z.string().optional(),
  zone: z.string(),
  currency: z.string(),
  nowMs: epochMs,
  clockOffsetMs: z.number(),
  intervalMinutes: z.number(),
  history: z.object({ daysDone: z.number().int(), daysTotal: z.number().int() }).optional(),
  ledger: z.string(),
  demoLogins: z.array(z.object({ name: z.string(), password: z.string(), role: z.enum(USER_ROLES), title: z.string() })).optional(),
});

export const fleetNowSchema = z.object({
  atMs: epochMs,
  powersW: powersSchema,
  loadW: watt,
  storedWh: wattHour,
  capacityWh: wattHour,
  complete: z.boolean(),
  sitesMissing: z.array(z.string()),
  devices: z.object({ online: z.number().int(), stale: z.number().int(), offline: z.number().int() }),
  dispatch: dispatchStateSchema,
  activeEventId: z.string().optional(),
  openAlarms: z.number().int(),
});

const seriesPointSchema = z.object({
  atMs: epochMs,
  gridW: watt.optional(),
  pvW: watt.optional(),
  batteryW: watt.optional(),
  generatorW: watt.optional(),
  loadW: watt.optional(),
  storedWh: wattHour.optional(),
});

export const powerSeriesSchema = z.object({
  stepMs: z.number().int(),
  fromMs: epochMs,
  toMs: epochMs,
  actual: z.array(seriesPointSchema),
  forecast: z.array(
    z.object({
      atMs: epochMs,
      loadW: watt,
      pvW: watt,
      loadP10W: watt.optional(),
      loadP90W: watt.optional(),
      pvP10W: watt.optional(),
      pvP90W: watt.optional(),
    }),
  ),
  plan: z.array(seriesPointSchema),
  forecastModel: z.string(),
  planIssuedAtMs: epochMs.optional(),
});

export const powerQuerySchema = z.object({
  fromMs: z.coerce.number<string>().int(),
  toMs: z.coerce.number<string>().int(),
  stepMs: z.coerce.number<string>().int().min(60_000).max(86_400_000).default(900_000),
  siteId: z.string().optional(),
});

export const deviceRowSchema = z.object({
  id: z.string(),
  name: z.string(),
  siteId: z.string(),
  siteName: z.string(),
  role: z.enum(DEVICE_ROLES),
  profile: z.string(),
  /** By the fleet file. */
  ratedW: z.number(),
  address: z.string(),
  health: z.enum(['online', 'stale', 'offline']),
  reason: z.string().optional(),
  readAtMs: epochMs.optional(),
  values: z.record(z.string(), z.number()),
  lease: z.object({ owner: z.string(), setpoint: z.string(), expiresAtMs: epochMs }).optional(),
  decided: z
    .array(
      z.object({
        control: z.string(),
        owner: z.string(),
        reason: z.string(),
        cuts: z.array(z.object({ by: z.string(), why: z.string() })),
      }),
    )
    .describe('Of each of its controls: who has it, why it is told what it is told or left alone, and by whom and why that was narrowed'),
  writes: z
    .object({ lastDay: z.number().int(), perDay: z.number().int().optional() })
    .optional()
    .describe('Of its most written register, in the last 24 hours; and the budget it has, if any'),
  lockedOut: z.boolean(),
});

export const siteRowSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['home', 'community-battery', 'generators']),
  householdId: z.string().optional(),
  powersW: powersSchema.partial(),
  loadW: watt.optional(),
  socPct: z.number().optional(),
  optedOut: z.boolean(),
  reserveFloorPct: z.number(),
  missing: z.array(z.string()),
  readAtMs: epochMs.optional(),
});

const shortfallSchema = z.object({ offlineW: watt, reserveW: watt, optedOutW: watt, limitedW: watt, otherW: watt });

/** Said when an event is announced or amended, and kept; one of which nothing can be given is refused with status 409. */
export const eventAnswerSchema = z.object({
  verdict: z.enum(['accepted', 'in-part', 'refused']),
  acceptedW: watt.describe('What is to be expected of it by what is known now; W in the direction of the event'),
  shortfall: shortfallSchema,
  reasons: z.array(z.string()).readonly(),
});

export const gridEventSchema = z.object({
  id: z.string(),
  direction: z.enum(['up', 'down']),
  powerW: watt,
  priceMicroPerKwh: micro,
  startMs: epochMs,
  endMs: epochMs,
  state: z.enum(EVENT_STATES),
  announcedAtMs: epochMs,
  announcedBy: z.string(),
  deliveredW: watt.optional(),
  deliveredWh: wattHour.optional(),
  answer: eventAnswerSchema.optional().describe('What the plant said of it when it was announced or last amended'),
  paidMicro: micro.optional(),
  participants: z.number().int().optional(),
  fairness: z
    .number()
    .optional()
    .describe(
      'While it runs: how evenly homes were used by events of this calendar month before it, 1 is evenly (Jain’s index of full cycles)',
    ),
  shortfall: shortfallSchema.optional().describe('While it runs: what is missing, and why; with what is delivered it adds up to powerW'),
});

const eventFigure = ({ least, most, words }: (typeof EVENT_BOUNDS)[keyof typeof EVENT_BOUNDS]) =>
  z.number().min(least, words).max(most, words);

export const eventRequestSchema = z.strictObject({
  direction: z.enum(['up', 'down']).describe('up: the fleet takes less from the grid than it would have; down: more'),
  powerW: eventFigure(EVENT_BOUNDS.powerW).describe('W, against the baseline'),
  startMs: z.number().int(),
  durationMinutes: eventFigure(EVENT_BOUNDS.durationMinutes),
  priceMicroPerKwh: eventFigure(EVENT_BOUNDS.priceMicroPerKwh).int(),
});

export const alarmSchema = z.object({
  id: z.number().int(),
  raisedAtMs: epochMs,
  clearedAtMs: epochMs.optional(),
  severity: z.enum(SEVERITIES),
  subject: z.string(),
  kind: z.string().describe('what it is about; of a device’s control `setpoint battery-power` and the like'),
  message: z.string(),
});

export const planViewSchema = z.object({
  issuedAtMs: epochMs,
  solver: z.enum(['highs', 'merit-order']),
  status: z.string(),
  costMicro: z.number(),
  seconds: z.number(),
  slots: z.array(
    z.object({
      startMs: epochMs,
      endMs: epochMs,
      gridW: watt,
      batteryW: watt,
      generatorW: watt,
      pvW: watt,
      loadW: watt,
      importMicroPerKwh: z.number(),
    }),
  ),
  generators: z.array(z.object({ deviceId: z.string(), name: z.string(), runs: z.array(z.object({ startMs: epochMs, endMs: epochMs })) })),
  breaches: z.array(z.string()),
});

const why = z.string().trim().min(3, 'say why, in three letters at least').max(400);
export const reasonSchema = z.strictObject({ reason: why });

/** Nothing may stand between an operator and a stop, not even an empty field or no body at all. */
export const releaseSchema = z.strictObject({ reason: z.string().trim().max(400).default('') }).prefault({});

export const limitRequestSchema = z.strictObject({
  scope: z.string().min(1).describe('A site’s id, or `fleet`'),
  kind: z
    .enum(LIMIT_KINDS)
    .describe(
      'What flows through the connection, or is behind it: `generation` by sun, engines and batteries together, `sun` alone, `load` by what may be commanded, `dimming` of that from the grid',
    ),
  valueW: z.number().min(0),
  startMs: z.number().int(),
  endMs: z.number().int(),
  reason: why,
});

export const limitSchema = limitRequestSchema.extend({
  id: z.number().int(),
  setBy: z.string(),
  setAtMs: epochMs,
  withdrawnAtMs: epochMs.optional(),
});

/** What a receiver at a site says holds for `validMinutes` unless it says so again. */
const HOLDS = 'a receiver’s word holds for 1 minute to 24 hours';
const validMinutes = z.number().min(1, HOLDS).max(1_440, HOLDS).default(15);

export const rippleRequestSchema = z.strictObject({
  closedPct: z
    .array(z.literal(RIPPLE_STEPS_PCT))
    .describe(
      'The contacts that are closed, by what each leaves of the installed power; none: the signal is lost, and the safe limit holds',
    ),
  validMinutes,
});

export const dimmingRequestSchema = z.strictObject({ dimmed: z.boolean(), validMinutes });

/** A limit that is to be kept now and how it is kept; one that a site owes while nobody speaks for it has neither number nor end. */
export const heldLimitSchema = z.object({
  id: z.number().int().optional(),
  scope: z.string(),
  kind: z.enum(LIMIT_KINDS),
  valueW: z.number(),
  setBy: z.string(),
  reason: z.string(),
  startMs: epochMs.optional(),
  endMs: epochMs.optional(),
  powerW: z.number().optional().describe('What it limits; a magnitude in W. Absent while that cannot be told, as a device is silent'),
  compliedAtMs: epochMs.optional(),
  exceeded: z.boolean(),
  unknownMs: z.number().optional().describe('How long in all it could not be told whether it is kept'),
});

export const lockOutSchema = z.object({
  subject: z.string().describe('A device’s id or a site’s'),
  reason: z.string(),
  byUser: z.string(),
  sinceMs: epochMs,
});

const setpointSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('battery-power'), powerW: watt }),
  z.strictObject({ kind: z.literal('pv-limit'), maxW: z.number().min(0) }),
  z.strictObject({ kind: z.literal('generator'), run: z.boolean(), powerW: z.number().min(0) }),
  z.strictObject({ kind: z.literal('load-limit'), maxW: z.number().min(0) }),
]);

export const overrideRequestSchema = z.strictObject({
  setpoint: setpointSchema,
  endMs: z.number().int(),
  reason: why,
});

export const decisionSchema = z.object({
  atMs: epochMs,
  shared: z.object({ wantedW: watt, givenW: watt }).optional(),
  devices: z.array(
    z.object({
      deviceId: z.string(),
      owner: z.string(),
      setpoint: setpointSchema.optional(),
      cuts: z.array(z.object({ by: z.string(), why: z.string(), minW: watt, maxW: watt })),
      reason: z.string(),
    }),
  ),
});
