import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { type Lease, SETPOINT_KINDS } from '../field/setpoint.js';
import type { EpochMs } from '../kernel/units.js';
import { draftOf } from '../platform/durable-file.js';
import type { DecisionFacts } from './decision-tally.js';
import { READBACKS } from './record-fields.js';

const whole = z.number().int();
const factsSchema = z.object({
  deviceId: z.string(),
  startMs: whole,
  endMs: whole,
  control: z.enum(SETPOINT_KINDS),
  owner: z.string(),
  told: whole,
  confirmed: whole,
  atMs: whole,
  powerW: whole,
  lowestW: whole,
  highestW: whole,
  readback: z.enum(READBACKS),
  readbackW: whole.optional(),
});
const setpointSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('battery-power'), powerW: z.number() }),
  z.object({ kind: z.literal('pv-limit'), maxW: z.number() }),
  z.object({ kind: z.literal('generator'), run: z.boolean(), powerW: z.number() }),
  z.object({ kind: z.literal('load-limit'), maxW: z.number() }),
]);
const leaseSchema = z.object({ deviceId: z.string(), owner: z.string(), setpoint: setpointSchema, expiresAtMs: z.number() });
const lineSchema = z.union([
  z.object({ told: z.array(factsSchema) }),
  z.object({ asking: z.object({ atMs: whole, leases: z.array(leaseSchema) }) }),
]);

/** Leases that a plant was about to assert. */
export interface Asked {
  readonly atMs: EpochMs;
  readonly leases: readonly Lease[];
}

/** What a plant that died has left: the sums of what was told, and what it was just about to tell. */
export interface LeftDecisions {
  readonly told: readonly DecisionFacts[];
  readonly asked?: Asked;
}

/** So long the file grows before it is written anew, beside four times what it then holds. */
const GROWTH_BYTES = 262_144;

/**
 * What was told in intervals that are not in the log yet, a line each time, so that it outlives a process that is killed: the last line
 * of a control and interval counts. Its lines are not synced one by one: a power cut may take those of the seconds before it.
 */
export class DecisionJournal {
  private bytes = Infinity;
  private limit = GROWTH_BYTES;

  constructor(private readonly file: string) {}

  /** What is there; a torn line is passed over. */
  left(): LeftDecisions {
    const told: DecisionFacts[] = [];
    let asked: Asked | undefined;
    for (const line of linesOf(this.file)) {
      const parsed = lineSchema.safeParse(line);
      if (!parsed.success) continue;
      asked = 'asking' in parsed.data ? parsed.data.asking : undefined;
      if ('told' in parsed.data) told.push(...parsed.data.told);
    }
    return { told, asked };
  }

  asking({ atMs, leases }: Asked): void {
    const asked = leases.map(({ deviceId, owner, setpoint, expiresAtMs }) => ({ deviceId, owner, setpoint, expiresAtMs }));
    this.append({ asking: { atMs, leases: asked } });
  }

  /** `all` is what the file has to hold from here on, should it be written anew. */
  told(changed: readonly DecisionFacts[], all: () => readonly DecisionFacts[]): void {
    if (this.bytes > this.limit) this.rewrite(all());
    else this.append({ told: changed });
  }

  rewrite(all: readonly DecisionFacts[]): void {
    const text = lineOf({ told: all });
    try {
      writeFileSync(draftOf(this.file), text, { mode: 0o600 });
      renameSync(draftOf(this.file), this.file);
      this.bytes = text.length;
      this.limit = GROWTH_BYTES + 4 * text.length;
    } catch {
      // A full disk must not stop the cycle of decisions; the next line tries again.
      this.bytes = Infinity;
    }
  }

  private append(line: object): void {
    const text = lineOf(line);
    try {
      appendFileSync(this.file, text, { mode: 0o600 });
      this.bytes += text.length;
    } catch {
      this.bytes = Infinity;
    }
  }
}

const lineOf = (line: object): string => `${JSON.stringify(line)}\n`;

const linesOf = (file: string): unknown[] => {
  try {
    return readFileSync(file, 'utf8').split('\n').flatMap(parsed);
  } catch {
    return [];
  }
};

const parsed = (line: string): unknown[] => {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
};
