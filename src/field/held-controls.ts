import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { DeviceId } from '../fleet/plant.js';
import { type DurationMs, type EpochMs, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { SETPOINT_KINDS, type Setpoint } from './setpoint.js';

/** Longer than any lease: what a device holds that long after the plant died is somebody else's. */
const AFTERLIFE_MS: DurationMs = 2 * MINUTE_MS;
/** How much older than the truth the file may be. */
const STORED_EVERY_MS: DurationMs = 10 * SECOND_MS;

const fileSchema = z.object({
  atMs: z.number(),
  held: z.array(z.object({ deviceId: z.string(), kind: z.enum(SETPOINT_KINDS), staysFallenBack: z.boolean() })),
});
type Held = z.infer<typeof fileSchema>['held'][number];

/**
 * Which controls this plant holds, kept for the plant that starts after it died: what a device then still does is its
 * predecessor's word and not a stranger's. It is a memory aid and no record: a plant without it waits until the leases of before
 * are over, so that nothing is done about a file that is missing, broken or cannot be written.
 */
export class HeldControls {
  private readonly held = new Map<string, Held>();
  private readonly inherited: ReadonlyMap<string, Held>;
  private readonly inheritedUntilMs: EpochMs;
  private storedAtMs: EpochMs = -Infinity;
  private storing: NodeJS.Immediate | undefined;

  /** Without a file nothing is inherited and nothing left behind. */
  constructor(
    private readonly file: string | undefined,
    nowMs: EpochMs,
  ) {
    const before = file === undefined ? undefined : inheritedFrom(file);
    const isFresh = before !== undefined && nowMs - before.atMs < AFTERLIFE_MS + STORED_EVERY_MS;
    const inherited = before?.held.filter(({ staysFallenBack }) => staysFallenBack || isFresh) ?? [];
    this.inherited = new Map(inherited.map((held) => [keyOf(held.deviceId, held.kind), held]));
    this.inheritedUntilMs = nowMs + AFTERLIFE_MS;
  }

  /** Whether a plant that died a moment ago may have set what the control shows. */
  isInherited(deviceId: DeviceId, kind: Setpoint['kind'], nowMs: EpochMs): boolean {
    const before = this.inherited.get(keyOf(deviceId, kind));
    return before !== undefined && (before.staysFallenBack || nowMs < this.inheritedUntilMs);
  }

  /** It is about to be written; where it has a fallback, the device goes over to that and stays there. What begins together is stored together. */
  hold(deviceId: DeviceId, kind: Setpoint['kind'], nowMs: EpochMs, staysFallenBack: boolean): void {
    const before = this.held.size;
    this.held.set(keyOf(deviceId, kind), { deviceId, kind, staysFallenBack });
    if (this.held.size > before || nowMs - this.storedAtMs >= STORED_EVERY_MS) this.storing ??= setImmediate(() => this.store(nowMs));
  }

  letGo(deviceId: DeviceId, kinds: readonly Setpoint['kind'][]): void {
    for (const kind of kinds) this.held.delete(keyOf(deviceId, kind));
  }

  private store(nowMs: EpochMs): void {
    this.storing = undefined;
    this.storedAtMs = nowMs;
    if (this.file === undefined) return;
    try {
      writeFileSync(`${this.file}.new`, JSON.stringify({ atMs: nowMs, held: [...this.held.values()] }));
      renameSync(`${this.file}.new`, this.file);
    } catch {
      // See above.
    }
  }
}

const keyOf = (deviceId: DeviceId, kind: Setpoint['kind']): string => `${deviceId} ${kind}`;

const inheritedFrom = (file: string): z.infer<typeof fileSchema> | undefined => {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
};
