import { appendFileSync, existsSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { DeviceId } from '../fleet/plant.js';
import { type DurationMs, type EpochMs, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { SETPOINT_KINDS, type Setpoint } from './setpoint.js';

/** Longer than any lease: what a device with a timer holds that long after the plant died is somebody else's. */
const AFTERLIFE_MS: DurationMs = 2 * MINUTE_MS;
/** How much older than the truth the file may be. */
const STORED_EVERY_MS: DurationMs = SECOND_MS;

const heldSchema = z.object({
  deviceId: z.string(),
  kind: z.enum(SETPOINT_KINDS),
  /** What the control showed once it was confirmed; absent while that is not known. */
  shows: z.string().optional(),
  /** What it shows once it has gone over to its fallback. */
  fallbackShows: z.string().optional(),
  /** Whether it is shown until somebody hands it back: what a supervisor ends, and what goes on being shown after its end. */
  stays: z.boolean(),
});
const fileSchema = z.object({ atMs: z.number(), held: z.array(heldSchema) });
/** What was about to be written since the file was stored, one to a line. */
const writingSchema = z.object({ atMs: z.number(), held: heldSchema });

/** One control that this plant holds, and how to know its own word again. */
export type HeldControl = Readonly<z.infer<typeof heldSchema>>;

/**
 * Which controls this plant holds, kept for the plant that starts after it died: what a device then still shows is its
 * predecessor's word where it is that word, and a stranger's where it is not. It is a memory aid and no record: without it a
 * plant leaves alone what it finds until timers and supervisor have ended it, so that nothing is done about a file that is
 * missing, broken or cannot be written.
 */
export class HeldControls {
  private readonly held = new Map<string, HeldControl>();
  private readonly inherited: Map<string, HeldControl>;
  private readonly isFresh: boolean;
  private readonly inheritedUntilMs: EpochMs;
  private storing: NodeJS.Timeout | undefined;

  static in(dataDir: string, nowMs: EpochMs): HeldControls {
    return new HeldControls(fileIn(dataDir), nowMs);
  }

  /** Without a file nothing is inherited and nothing left behind. */
  constructor(
    private readonly file: string | undefined,
    nowMs: EpochMs,
  ) {
    const before = file === undefined ? undefined : inheritedFrom(file);
    this.isFresh = before !== undefined && nowMs - before.atMs < AFTERLIFE_MS;
    this.inherited = new Map(before?.held.map((held) => [keyOf(held.deviceId, held.kind), held]));
    this.inheritedUntilMs = nowMs + AFTERLIFE_MS;
  }

  /** Whether what the control shows is the word of a plant that died before this one. */
  isInherited(deviceId: DeviceId, kind: Setpoint['kind'], shows: string, nowMs: EpochMs): boolean {
    const before = this.inherited.get(keyOf(deviceId, kind));
    if (!before) return false;
    if (shows === before.fallbackShows) return true;
    const isRecent = this.isFresh && nowMs < this.inheritedUntilMs;
    if (before.shows === undefined) return isRecent;
    return shows === before.shows && (before.stays || isRecent);
  }

  /** Controls that a plant before this one may have left as they are, and that this one has not touched yet. */
  inheritedControls(nowMs: EpochMs): HeldControl[] {
    const isRecent = this.isFresh && nowMs < this.inheritedUntilMs;
    return [...this.inherited.values()].filter(({ stays, fallbackShows }) => isRecent || stays || fallbackShows !== undefined);
  }

  /** It is about to be written, or goes on, or was confirmed. From here on what was inherited of it does not count. */
  hold(control: HeldControl, nowMs: EpochMs): void {
    const key = keyOf(control.deviceId, control.kind);
    const before = this.held.get(key);
    this.inherited.delete(key);
    this.held.set(key, control);
    if (control.shows === undefined && (!before || before.shows !== undefined)) this.note(control, nowMs);
    this.storeIn(STORED_EVERY_MS, nowMs);
  }

  /** Before the device hears of it: killed a moment later, it shows something that nothing else here has heard of yet. */
  private note(held: HeldControl, atMs: EpochMs): void {
    if (this.file === undefined) return;
    try {
      appendFileSync(writingTo(this.file), `${JSON.stringify({ atMs, held })}\n`);
    } catch {
      // See above.
    }
  }

  /** It was left at what its site owes: nothing holds it any more, and it is known again as long as it stays so. */
  leave({ deviceId, kind, fallbackShows, stays }: HeldControl, nowMs: EpochMs): void {
    const key = keyOf(deviceId, kind);
    this.held.delete(key);
    this.inherited.set(key, { deviceId, kind, shows: fallbackShows, fallbackShows, stays });
    this.storeIn(0, nowMs);
  }

  /** Whether a control still shows what it was left at. */
  isLeft(deviceId: DeviceId, kind: Setpoint['kind'], shows: string): boolean {
    return this.inherited.get(keyOf(deviceId, kind))?.fallbackShows === shows;
  }

  letGo(deviceId: DeviceId, kinds: readonly Setpoint['kind'][], nowMs: EpochMs): void {
    for (const key of kinds.map((kind) => keyOf(deviceId, kind))) {
      this.held.delete(key);
      this.inherited.delete(key);
    }
    this.storeIn(0, nowMs);
  }

  /** Writes down at once what is held now. */
  close(nowMs: EpochMs): void {
    if (!this.storing) return;
    clearTimeout(this.storing);
    this.store(nowMs);
  }

  /** What happens together is stored together. */
  private storeIn(inMs: DurationMs, nowMs: EpochMs): void {
    if (this.file === undefined || (this.storing && inMs > 0)) return;
    clearTimeout(this.storing);
    this.storing = setTimeout(() => this.store(nowMs + inMs), inMs).unref();
  }

  private store(nowMs: EpochMs): void {
    this.storing = undefined;
    if (this.file === undefined) return;
    // What is not touched yet may still have to be known again by the next plant.
    const held = [...this.held.values(), ...this.inherited.values()];
    try {
      writeFileSync(`${this.file}.new`, JSON.stringify({ atMs: nowMs, held }));
      renameSync(`${this.file}.new`, this.file);
      if (existsSync(writingTo(this.file))) truncateSync(writingTo(this.file));
    } catch {
      // See above.
    }
  }
}

const fileIn = (dataDir: string): string => join(dataDir, 'held.json');

/** For who hands devices over to a plant that is about to start as if an earlier run of it had left them. */
export const leaveHeld = (dataDir: string, atMs: EpochMs, held: readonly HeldControl[]): void =>
  writeFileSync(fileIn(dataDir), JSON.stringify({ atMs, held }));

const keyOf = (deviceId: DeviceId, kind: Setpoint['kind']): string => `${deviceId} ${kind}`;

const writingTo = (file: string): string => `${file}.writing`;

const inheritedFrom = (file: string): z.infer<typeof fileSchema> | undefined => {
  const stored = parsed(fileSchema, textOf(file));
  // The last line may be torn: what it was about to say was not written to any device.
  const writing = textOf(writingTo(file))
    .split('\n')
    .flatMap((line) => parsed(writingSchema, line) ?? []);
  if (!stored && writing.length === 0) return undefined;
  const moments = [stored?.atMs ?? 0, ...writing.map(({ atMs }) => atMs)];
  return { atMs: Math.max(...moments), held: [...(stored?.held ?? []), ...writing.map(({ held }) => held)] };
};

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const parsed = <T>(schema: z.ZodType<T>, text: string): T | undefined => {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};
