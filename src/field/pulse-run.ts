import { AdapterError, messageOf } from '../kernel/errors.js';
import { type DurationMs, SECOND_MS, type Watt } from '../kernel/units.js';
import type { CommandOutcome } from './drivers/device-driver.js';
import { hasLeft, isAnswered } from './pulse-findings.js';
import type { LastPhase, Phase, TrialRecord } from './pulse-record.js';
import { setpointOf, type SiteSample, type Trial } from './pulse-trial.js';
import type { Setpoint } from './setpoint.js';

/** A device at its site, as a trial needs it. Every method throws an `AdapterError` where the device does not answer. */
export interface PulsedDevice {
  sample(): Promise<Omit<SiteSample, 'atMs'>>;
  command(setpoint: Setpoint, leaseS: number): Promise<CommandOutcome>;
  release(): Promise<boolean>;
  holds(): Promise<boolean>;
  /** Shows it that its controller lives, where it asks. */
  beat(): Promise<boolean>;
}

/** The time a trial runs by; pauses end early, by rejecting, when the signal is given. */
export interface PulseTime {
  nowMs(): DurationMs;
  pause(ms: DurationMs, signal?: AbortSignal): Promise<void>;
}

export interface PulseContext {
  readonly device: PulsedDevice;
  readonly time: PulseTime;
  readonly samplePeriodMs: DurationMs;
  /** Given when somebody wants to stop. */
  readonly signal: AbortSignal;
  say(line: string): void;
}

const MOST_ROUNDS = 4;
/** Readings that may fail in a row: more is a device that is away. */
const MOST_MISSED = 5;

/**
 * Pulses one control of a device: as it is, then each level in turn until it is clear what follows what, and at last one level
 * that nobody renews, and no heartbeat is heard: so it is when a plant dies. Leaves the device under its last setpoint where it did not let go: whoever calls this releases it, also
 * when this throws an `AdapterError` or because of the signal.
 */
export const runTrial = async (context: PulseContext, trial: Trial): Promise<TrialRecord> => {
  const run = new TrialRun(context, trial);
  return run.toItsEnd();
};

class TrialRun {
  private readonly phases: Phase[] = [];
  /** Readings that failed in a row. */
  private missed = 0;

  constructor(
    private readonly context: PulseContext,
    private readonly trial: Trial,
  ) {}

  async toItsEnd(): Promise<TrialRecord> {
    const { levelsW, phaseMs, control } = this.trial;
    this.context.say(`${control}: as it is by itself, ${seconds(phaseMs)}`);
    await this.watch(undefined);
    for (let round = 1; round <= MOST_ROUNDS && levelsW.length > 0; round += 1) {
      for (const toldW of levelsW) {
        const refusal = await this.tell(toldW);
        if (refusal) return this.record({ refusal });
        if (levelsW.length === 1) await this.letGo();
      }
      if (isAnswered(this.record({}))) break;
      if (round < MOST_ROUNDS) this.context.say(`${control}: not clear yet, once more`);
    }
    return this.leftAlone();
  }

  private record(more: Pick<TrialRecord, 'refusal' | 'last'>): TrialRecord {
    return { trial: this.trial, phases: [...this.phases], ...more };
  }

  private async tell(toldW: Watt): Promise<TrialRecord['refusal']> {
    const { control, leaseS, phaseMs } = this.trial;
    this.context.say(`${control}: ${Math.round(toldW)} W, ${seconds(phaseMs)}`);
    const beganAtMs = this.context.time.nowMs();
    const outcome = await this.command(toldW, leaseS);
    if ('reason' in outcome) return outcome;
    await this.watch(this.takenW(outcome, toldW), beganAtMs);
    return undefined;
  }

  private async letGo(): Promise<void> {
    const { control, phaseMs } = this.trial;
    this.context.say(`${control}: released, ${seconds(phaseMs)}`);
    const beganAtMs = this.context.time.nowMs();
    await this.context.device.release();
    await this.watch(undefined, beganAtMs);
  }

  /** The last setpoint, until the device has let go of it by itself, or has had time enough to. */
  private async leftAlone(): Promise<TrialRecord> {
    const { control, lastW, leaseS, settleMs, phaseMs, graceMs, expected } = this.trial;
    const { time } = this.context;
    const waits = expected === 'device';
    if (!waits && this.trial.levelsW.length > 0) return this.record({});
    this.context.say(
      `${control}: ${Math.round(lastW)} W for ${leaseS} s, ${waits ? 'then nothing: it is to let go by itself' : 'then released'}`,
    );
    const beganAtMs = time.nowMs();
    const outcome = await this.command(lastW, leaseS);
    if ('reason' in outcome) return this.record({ refusal: outcome });
    const toldW = this.takenW(outcome, lastW);
    const endsAtMs = beganAtMs + (waits ? leaseS * SECOND_MS + graceMs : settleMs + phaseMs);
    const last: Growing<LastPhase> = { toldW, beganAtMs, samples: [], endedAtMs: beganAtMs };
    while (last.endedAtMs < endsAtMs) {
      await this.takeInto(last.samples, waits ? () => this.lookAtRegisters(last) : undefined);
      last.endedAtMs = time.nowMs();
      const record = this.record({ last });
      const sinceFreeMs = last.endedAtMs - (last.registerFreeAtMs ?? Infinity);
      if (this.trial.unseen && hasLeft(record)) break;
      if (sinceFreeMs >= 0 && (hasLeft(record) || sinceFreeMs > this.trial.afterwardsMs)) break;
    }
    return this.record({ last });
  }

  /** A limit that was clamped is told as a magnitude, and what a load draws is negative. */
  private takenW(outcome: CommandOutcome, toldW: Watt): Watt {
    if (outcome.kind !== 'clamped') return toldW;
    return this.trial.control === 'load-limit' ? 0 - outcome.readbackW : outcome.readbackW;
  }

  private async lookAtRegisters(last: Growing<LastPhase>): Promise<void> {
    const { time, device } = this.context;
    if (last.registerFreeAtMs !== undefined || (await device.holds())) return;
    last.registerFreeAtMs = time.nowMs();
    this.context.say(`${this.trial.control}: its registers let go after ${seconds(last.registerFreeAtMs - last.beganAtMs)}`);
  }

  private command(powerW: Watt, leaseS: number): Promise<CommandOutcome> {
    this.context.signal.throwIfAborted();
    return this.context.device.command(setpointOf(this.trial.control, powerW), leaseS);
  }

  private async watch(toldW: Watt | undefined, beganAtMs = this.context.time.nowMs()): Promise<void> {
    const samples: SiteSample[] = [];
    const endsAtMs = beganAtMs + this.trial.phaseMs;
    const beat = async (): Promise<void> => void (await this.context.device.beat());
    while (this.context.time.nowMs() < endsAtMs) await this.takeInto(samples, toldW === undefined ? undefined : beat);
    this.phases.push({ toldW, beganAtMs, samples });
  }

  /** Takes one sample, and looks at what else is asked, once a period. A device that is away for some of them is away. */
  private async takeInto(samples: SiteSample[], look: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const { time, device, samplePeriodMs, signal } = this.context;
    const askedAtMs = time.nowMs();
    try {
      const sample = await device.sample();
      samples.push({ ...sample, atMs: time.nowMs() });
      await look();
      this.missed = 0;
    } catch (error) {
      this.missed += 1;
      if (!(error instanceof AdapterError) || this.missed >= MOST_MISSED) throw error;
      this.context.say(`no reading: ${messageOf(error)}`);
    }
    await time.pause(Math.max(samplePeriodMs - (time.nowMs() - askedAtMs), 0), signal);
  }
}

/** A phase while it is watched. */
type Growing<P extends Phase> = { -readonly [Key in keyof P]: Key extends 'samples' ? SiteSample[] : P[Key] };

const seconds = (ms: DurationMs): string => `${Math.round(ms / SECOND_MS)} s`;
