import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Setpoint } from '../field/setpoint.js';
import { AdapterError, BadInput } from '../kernel/errors.js';
import { HOUR_MS, SECOND_MS } from '../kernel/units.js';
import { monotonicMs } from '../platform/clock.js';
import { configOf } from '../platform/config.js';
import type { OverrideRequest } from '../signals/override.service.js';
import { print } from './device-bus.js';
import { parseTrial, type Trial, type TryOptions } from './device-try.js';
import { type OptionsOf, PlantClient } from './plant-client.js';

export interface PlantTryOptions extends Omit<TryOptions, 'unit'> {
  readonly plant: string;
  readonly reason: string;
}

const LONGEST_OVERRIDE_MS = 24 * HOUR_MS;
const LOOK_EVERY_MS = 500;
/** Some cycles of a plant at its usual pace, and the time a device may take to confirm. */
const PATIENCE_MS = 20 * SECOND_MS;

/** Sets a device of a running plant by an override, and says what became of it. */
export const tryThroughPlant = async (deviceId: string, options: PlantTryOptions): Promise<void> => {
  const { wanted, leaseMs } = parseTrial(options, LONGEST_OVERRIDE_MS, 'the longest override');
  const { login } = configOf(process.env);
  if (!login) throw new BadInput('--plant: set VPP_USER and VPP_PASSWORD to the login of an operator');
  const client = await PlantClient.login(options.plant, login, givenBy(options));
  try {
    if (wanted) await override(client, deviceId, await inWatts(client, deviceId, wanted), leaseMs, options);
    else await release(client, deviceId, options);
  } finally {
    await client.logout().catch(() => undefined);
  }
};

const givenBy = ({ limit, battery, generator }: PlantTryOptions): OptionsOf<OverrideRequest> => ({
  deviceId: '<address-or-device>',
  setpoint: limit ? '--limit' : battery ? '--battery' : generator ? '--generator' : '--load',
  endMs: '--for',
  reason: '--reason',
});

const plantSchema = z.object({ nowMs: z.number() });
const fleetSchema = z.object({ dispatch: z.object({ mode: z.string(), reason: z.string().optional() }) });
const deviceSchema = z.object({
  ratedW: z.number().optional(),
  health: z.string(),
  lease: z.object({ owner: z.string(), setpoint: z.string(), expiresAtMs: z.number() }).optional(),
});
type DeviceNow = z.infer<typeof deviceSchema>;
const decisionsSchema = z.array(
  z.object({
    atMs: z.number(),
    devices: z.array(
      z.object({
        deviceId: z.string(),
        owner: z.string(),
        setpoint: z.looseObject({ kind: z.string() }).optional(),
        reason: z.string(),
        cuts: z.array(z.object({ by: z.string(), why: z.string() })),
      }),
    ),
  }),
);
type Decided = z.infer<typeof decisionsSchema>[number]['devices'][number];
const alarmsSchema = z.array(z.object({ subject: z.string(), kind: z.string(), message: z.string(), clearedAtMs: z.number().optional() }));

/** What became of an override, as far as the plant tells. */
type OverrideOutcome =
  | { readonly kind: 'confirmed'; readonly decided: Decided; readonly lease: NonNullable<DeviceNow['lease']> }
  | { readonly kind: 'not-taken'; readonly reason: string; readonly decided?: Decided };

const pathOf = (deviceId: string): string => `/api/overrides/${encodeURIComponent(deviceId)}`;

/** A percentage is one of the rating that the fleet file tells. */
const inWatts = async (client: PlantClient, deviceId: string, wanted: NonNullable<Trial['wanted']>): Promise<Setpoint> => {
  if (wanted.kind !== 'limit-percent') return wanted;
  const { ratedW } = await client.get(`/api/devices/${encodeURIComponent(deviceId)}`, deviceSchema);
  if (ratedW === undefined) throw new BadInput(`--limit: give it in watts, as 3000W; the plant does not tell the rating of ${deviceId}`);
  return { kind: 'pv-limit', maxW: (wanted.percent / 100) * ratedW };
};

const override = async (
  client: PlantClient,
  deviceId: string,
  setpoint: Setpoint,
  leaseMs: number,
  options: PlantTryOptions,
): Promise<void> => {
  const { nowMs } = await client.get('/api/plant', plantSchema);
  await client.put(pathOf(deviceId), { setpoint, endMs: Math.round(nowMs + leaseMs), reason: options.reason });
  const outcome = await outcomeOf(client, deviceId, setpoint, nowMs);
  // What is not done now must not be done at some later time that nobody expects.
  if (outcome.kind === 'not-taken') await client.delete(pathOf(deviceId)).catch(() => undefined);
  const heldMs = options.wait && outcome.kind === 'confirmed' ? await untilOver(client, deviceId, leaseMs) : undefined;
  if (options.json) print({ ...outcome, ...(heldMs === undefined ? {} : { heldMs }) });
  else console.log(lineOf(outcome, heldMs));
  if (outcome.kind !== 'confirmed') process.exitCode = 1;
};

/**
 * The plant decides in its own time: once a second decision says the same, the first of them has been written and read back, and
 * what was not as it should be stands as an alarm.
 */
const outcomeOf = async (client: PlantClient, deviceId: string, setpoint: Setpoint, sinceMs: number): Promise<OverrideOutcome> => {
  const owner = `override:${client.operator}`;
  const endsAtMs = monotonicMs() + PATIENCE_MS;
  while (monotonicMs() < endsAtMs) {
    const { dispatch } = await client.get('/api/fleet/now', fleetSchema);
    if (dispatch.mode !== 'running') return { kind: 'not-taken', reason: `dispatch is ${dispatch.mode}: ${dispatch.reason ?? ''}` };
    const since = (await client.get('/api/dispatch/decisions', decisionsSchema)).filter(({ atMs }) => atMs > sinceMs);
    const [before, last] = since.slice(-2).map(({ devices }) => decisionOn(devices, deviceId, setpoint, owner));
    if (since.length > 1) {
      const { lease, health } = await client.get(`/api/devices/${encodeURIComponent(deviceId)}`, deviceSchema);
      if (last?.owner !== owner) return { kind: 'not-taken', reason: whyNot(last, health), ...(last ? { decided: last } : {}) };
      const isSeen = before?.owner === owner;
      const alarm = isSeen ? await complaintOf(client, deviceId, setpoint) : undefined;
      if (alarm !== undefined) return { kind: 'not-taken', reason: alarm, decided: last };
      if (isSeen && lease?.owner === owner) return { kind: 'confirmed', decided: last, lease };
      const foreign = isSeen ? await complaintOf(client, deviceId, setpoint, 'foreign-setpoint') : undefined;
      if (foreign !== undefined) return { kind: 'not-taken', reason: foreign, decided: last };
    }
    await pause(LOOK_EVERY_MS);
  }
  const foreign = await complaintOf(client, deviceId, setpoint, 'foreign-setpoint');
  return { kind: 'not-taken', reason: foreign ?? `the plant showed no lease within ${PATIENCE_MS / SECOND_MS} s` };
};

/** Of a hybrid's two decisions the one on the control that was asked for. */
const decisionOn = (devices: readonly Decided[], deviceId: string, { kind }: Setpoint, owner: string): Decided | undefined => {
  const mine = devices.filter((device) => device.deviceId === deviceId);
  return mine.find((device) => device.owner === owner) ?? mine.find((device) => device.setpoint?.kind === kind) ?? mine[0];
};

const whyNot = (decided: Decided | undefined, health: string): string => {
  if (!decided) return `the plant decides nothing about it; it is ${health}`;
  const cuts = decided.cuts.map(({ by, why }) => `${by}: ${why}`);
  const { owner, reason } = decided;
  return [owner === 'itself' ? reason : `${owner} has it: ${reason}`, ...cuts].join('; ');
};

/** What stands against the control, however long: it is over with the first good word of the device. */
const complaintOf = async (
  client: PlantClient,
  deviceId: string,
  { kind: control }: Setpoint,
  about: 'setpoint' | 'foreign-setpoint' = 'setpoint',
): Promise<string | undefined> => {
  const alarms = await client.get('/api/alarms', alarmsSchema);
  return alarms.find(
    ({ subject, kind, clearedAtMs }) => subject === deviceId && kind === `${about} ${control}` && clearedAtMs === undefined,
  )?.message;
};

/** Until the plant has handed the device back; some cycles beyond the override at most. */
const untilOver = async (client: PlantClient, deviceId: string, leaseMs: number): Promise<number> => {
  const beganAtMs = monotonicMs();
  for (;;) {
    const { lease } = await client.get(`/api/devices/${encodeURIComponent(deviceId)}`, deviceSchema);
    const heldMs = Math.round(monotonicMs() - beganAtMs);
    if (lease?.owner !== `override:${client.operator}`) return heldMs;
    if (heldMs > leaseMs + PATIENCE_MS) throw new AdapterError('the override is over and the plant still holds the device by it', false);
    await pause(LOOK_EVERY_MS);
  }
};

const lineOf = (outcome: OverrideOutcome, heldMs: number | undefined): string => {
  if (outcome.kind === 'not-taken') return `not taken, and withdrawn: ${outcome.reason}`;
  const { lease, decided } = outcome;
  const cuts = decided.cuts.filter(({ by }) => by !== 'override').map(({ by, why }) => `; ${by}: ${why}`);
  const held = heldMs === undefined ? '' : `; handed back after ${(heldMs / SECOND_MS).toFixed(1)} s`;
  return `taken by the plant and confirmed by the device: ${lease.setpoint} (${lease.owner})${cuts.join('')}${held}`;
};

const release = async (client: PlantClient, deviceId: string, { json }: PlantTryOptions): Promise<void> => {
  await client.delete(pathOf(deviceId));
  if (json) print({ kind: 'released' });
  else console.log('the override is over; the plant decides again');
};
