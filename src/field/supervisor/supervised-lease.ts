import { createHash } from 'node:crypto';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { modbusSchema } from '../../fleet/fleet-file.js';
import type { DeviceId, ModbusAddress } from '../../fleet/plant.js';
import { BadInput } from '../../kernel/errors.js';
import { type Fallback, SETPOINT_KINDS, type Setpoint } from '../setpoint.js';

/** A control by its name: a device has at most one lease of each kind. */
export interface SupervisedControl {
  readonly deviceId: DeviceId;
  readonly control: Setpoint['kind'];
}

/** A control that nothing but the supervisor would end, and the way to its device. */
export interface SupervisedLease extends SupervisedControl {
  readonly profile: string;
  readonly address: ModbusAddress;
  /** Absent: the device is handed back to itself. */
  readonly fallback?: Fallback;
  /**
   * What the control showed when ours was confirmed (`DeviceDriver.shows`): anything else is somebody else's, and left. Absent
   * from before a write until its confirmation: then whatever it shows may be ours, and is ended.
   */
  readonly shown?: string;
}

const controlShape = { deviceId: z.string().min(1), control: z.enum(SETPOINT_KINDS) };
export const supervisedLeaseSchema: z.ZodType<SupervisedLease> = z.strictObject({
  ...controlShape,
  profile: z.string().min(1),
  address: modbusSchema,
  fallback: z.strictObject({ kind: z.enum(['pv-limit', 'load-limit']), maxW: z.number().min(0) }).optional(),
  shown: z.string().max(2_000).optional(),
});

export const keyOf = ({ deviceId, control }: SupervisedControl): string => `${deviceId} ${control}`;

/**
 * What the plant asks of the supervisor, a line of JSON each on one connection: to end a lease unless it hears of it again in
 * time, or to think of a control no more. Each has a number, by which it is answered in its own time.
 */
export const askedSchema = z.union([
  z.strictObject({ id: z.number().int(), watch: supervisedLeaseSchema, leaseMs: z.number().positive() }),
  z.strictObject({ id: z.number().int(), forget: z.strictObject(controlShape) }),
]);
export type Asked = z.infer<typeof askedSchema>;
/** Without an error it is done, and durable. */
export const answerSchema = z.object({ id: z.number().int(), error: z.string().optional() });
export type Answer = z.infer<typeof answerSchema>;

/** Shorter than the 104 bytes that macOS has for the name of a socket, and the 108 of Linux. */
const LONGEST_SOCKET_NAME = 100;

/** Where plant and supervisor of a data folder meet: a socket in it, and a named pipe on Windows. Throws `BadInput` for a long path. */
export const supervisorSocket = (dataDir: string): string => {
  const whole = resolve(dataDir);
  if (process.platform === 'win32')
    return `\\\\.\\pipe\\heliograph-${createHash('sha256').update(whole.toLowerCase()).digest('hex').slice(0, 16)}`;
  const [fromRoot, fromHere] = [join(whole, 'supervisor.sock'), join(relative(process.cwd(), whole), 'supervisor.sock')];
  const socket = Buffer.byteLength(fromHere) < Buffer.byteLength(fromRoot) ? fromHere : fromRoot;
  if (Buffer.byteLength(socket) <= LONGEST_SOCKET_NAME) return socket;
  throw new BadInput(`VPP_DATA_DIR "${dataDir}": its path is too long for the supervisor's socket; choose one of 80 characters at most`);
};
