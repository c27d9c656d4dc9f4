import { z } from 'zod';
import { type Device, devicesOf, type Plant } from '../fleet/plant.js';
import type { Schedule } from '../schedule/schedule.js';
import { powersOf } from '../schedule/why/device-powers.js';
import { type DeviceReasons, deviceReasonsSchema, reasonSchema } from '../schedule/why/reason.js';
import { sentence } from '../schedule/why/sentence.js';
import { epochMs } from './schemas.js';

export const planReasonsQuerySchema = z.strictObject({ deviceId: z.string().min(1).optional() });

/** Why each device does what the plan has it do, step by step; sun goes by the id of its site. */
export const planReasonsSchema = z.object({
  issuedAtMs: epochMs,
  steps: z.array(z.object({ startMs: epochMs, endMs: epochMs })),
  devices: z.array(
    z.object({
      kind: deviceReasonsSchema.shape.kind,
      id: z.string(),
      name: z.string(),
      steps: z.array(reasonSchema.extend({ says: z.string().describe('The reason as a sentence, in UTC') })),
    }),
  ),
});
export type PlanReasons = z.infer<typeof planReasonsSchema>;

const minute = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export const planReasons = (plan: Schedule, plant: Plant, why: readonly DeviceReasons[], deviceId?: string): PlanReasons => {
  const names = new Map([
    ...devicesOf(plant).map(({ id, name }: Device) => [id, name] as const),
    ...plant.sites.map(({ id, name }) => [id, name] as const),
  ]);
  return {
    issuedAtMs: plan.issuedAtMs,
    steps: [...plan.steps],
    devices: why
      .filter(({ id }) => deviceId === undefined || id === deviceId)
      .map(({ kind, id, steps }) => {
        const powerW = powersOf(plan, kind, id);
        const words = { currency: plan.currency, time: minute };
        return {
          kind,
          id,
          name: names.get(id) ?? id,
          steps: steps.map((reason, step) => ({ ...reason, says: sentence(reason, [powerW[step]!], words) })),
        };
      }),
  };
};
