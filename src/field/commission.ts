import { type Device, isSerial, type Plant, type Site } from '../fleet/plant.js';
import { AdapterError, BadInput } from '../kernel/errors.js';
import { type DurationMs, SECOND_MS, type Watt } from '../kernel/units.js';
import { type Commissioned, commissionedDevice } from './commissioned.js';
import { type CommissionFindings, findingsOf } from './commission-findings.js';
import { HandOver } from './commission-hand-over.js';
import { BY_A_TIMER, BY_THE_SUPERVISOR, type Ending, endingBy } from './control-ending.js';
import { type FieldDevice, FieldDevices } from './field-devices.js';
import type { ModbusLinks } from './modbus-link.port.js';
import { loadProfiles, profileFor, SUNSPEC_PROFILE } from './profiles.js';
import { type PulseContext, type PulsedDevice, type PulseTime, runTrial } from './pulse-run.js';
import type { TrialRecord } from './pulse-record.js';
import { controlsOfRole, isTrial, type NoTrial, ownPowerW, ratingOf, type SiteSample, type Trial, trialOf } from './pulse-trial.js';
import { ratingFault } from './rating.js';
import type { Setpoint } from './setpoint.js';
import type { Supervision } from './supervision.port.js';

/** What is commissioned: a device of a fleet file, and the site it stands at. */
export interface Subject {
  readonly site: Site;
  readonly device: Device;
  /** The meter that tells what the site takes from the grid. */
  readonly meter: Device | undefined;
  /** What ends its controls, as far as that is known before it is tried; `undefined` for one that its profile does not have. */
  readonly ending: (control: Setpoint['kind']) => Ending | undefined;
}

/** Throws `BadInput` where there is no such device, or none that can be pulsed. */
export const subjectOf = (file: string, plant: Plant, deviceId: string): Subject => {
  const site = plant.sites.find(({ devices }) => devices.some(({ id }) => id === deviceId));
  const device = site?.devices.find(({ id }) => id === deviceId);
  if (!site || !device) {
    const known = plant.sites.flatMap(({ devices }) => devices.map(({ id }) => id));
    throw new BadInput(`${file}: there is no device "${deviceId}"; there are ${known.join(', ')}`);
  }
  const meter = site.devices.find(({ role, id }) => role === 'grid-meter' && id !== deviceId);
  if (controlsOfRole(device.role).length === 0)
    throw new BadInput(
      `${deviceId} is a ${device.role} and cannot be told anything: which way it looks is proven along with a battery of its site`,
    );
  // All its commands are to be tried, also those that the fleet file does not count on yet.
  const profile = device.profile === SUNSPEC_PROFILE ? undefined : profileFor(loadProfiles(), { ...device, reversion: 'none' });
  if (profile && !profile.commands) throw new BadInput(`${deviceId}: profile "${device.profile}" knows no commands`);
  return { site, device, meter, ending: (control) => (profile ? endingBy(profile, control) : bySunspec(device)) };
};

const bySunspec = (device: Device): Ending => (isTimerless(device) ? BY_THE_SUPERVISOR : BY_A_TIMER);

export interface TrialWishes {
  /** A tenth of the rating without. */
  readonly powerW?: Watt;
  readonly leaseS?: number;
}

/** Wishes whose power is known and can be borne. */
export interface CheckedWishes extends TrialWishes {
  readonly powerW: Watt;
}

const USUAL_SHARE = 0.1;
const USUAL_LEASE_S = 20;
const SECONDS_PER_MINUTE = 60;

/** What is asked for, or what is usual for the device. Throws `BadInput` where it is more than its rating. */
export const wishesFor = ({ device }: Subject, { powerW, leaseS }: TrialWishes): CheckedWishes => {
  const ratingW = ratingOf(device);
  if (powerW !== undefined && powerW > ratingW)
    throw new BadInput(`--power: at most ${ratingW}W, which is the rating of ${device.id} in the fleet file`);
  return { powerW: powerW ?? Math.round(USUAL_SHARE * ratingW), ...(leaseS === undefined ? {} : { leaseS }) };
};

/** How long a control keeps a setpoint in its trial: as long as it will whatever it is told, or a round number of its units. */
export const leaseOf = ({ afterS, inMinutes }: Ending, wishedS: number | undefined): number => {
  if (afterS !== undefined) return afterS;
  const leaseS = wishedS ?? USUAL_LEASE_S;
  return inMinutes ? Math.ceil(leaseS / SECONDS_PER_MINUTE) * SECONDS_PER_MINUTE : leaseS;
};

/** What was prepared: trials, and controls that cannot be tried now. Nothing has been told yet. */
export interface Preparation {
  readonly wishes: CheckedWishes;
  readonly trials: readonly (Trial | NoTrial)[];
  /** Devices of the site that do not answer: what they make up for is not seen. */
  readonly silent: readonly string[];
  /** Whether a supervisor would end what the device does not end by itself, if this program died; absent where it ends all of it. */
  readonly supervised?: boolean;
}

/** A device and its site on their buses, for as long as it takes to commission it. */
export class CommissionBench {
  private readonly devices: FieldDevices;
  private readonly field: FieldDevice;
  private readonly meter: FieldDevice | undefined;
  private others: FieldDevice[];
  private controls: Commissioned | undefined;

  constructor(
    links: ModbusLinks,
    private readonly subject: Subject,
    private readonly time: PulseTime,
    private readonly supervision: Supervision,
  ) {
    const { site, device, meter } = subject;
    this.devices = new FieldDevices(links);
    this.devices.open(site.devices.map((each) => ({ ...each, reversion: isTimerless(each) ? 'supervisor' : 'none' })));
    this.field = this.devices.get(device.id)!;
    this.meter = meter && this.devices.get(meter.id);
    this.others = this.devices.all().filter(({ device: { id } }) => id !== device.id && id !== meter?.id);
  }

  /** Reads what the device and its site do now. Throws an `AdapterError` where the device does not answer, or is commanded already. */
  async prepare(wishes: CheckedWishes): Promise<Preparation> {
    const { device, site, ending } = this.subject;
    const { powerW, leaseS } = wishes;
    this.controls = await commissionedDevice(this.field.unit, {
      profile: device.profile,
      phases: device.flexibleLoad?.phases,
      ...device.address,
    });
    if (await this.controls.holds())
      throw new AdapterError(
        `${device.id} is under a setpoint already: end it, or find out who commands it, before it is commissioned`,
        false,
      );
    const toldW = await this.controls.ratedW();
    const fault = toldW === undefined ? undefined : ratingFault(device, toldW);
    if (fault !== undefined) throw new AdapterError(`${fault}: mend it first, for pulses and limits go by it`, false);
    const silent: string[] = [];
    for (const other of [...this.others, ...(this.meter ? [this.meter] : [])]) if (!(await answers(other))) silent.push(other.device.id);
    this.others = this.others.filter((other) => !silent.includes(other.device.id));
    const now = { ...(await this.sample()), atMs: this.time.nowMs() };
    const there = this.controls.kinds;
    const trials = controlsOfRole(device.role).flatMap((control) => {
      const ends = there.includes(control) ? ending(control) : undefined;
      return ends
        ? [trialOf(control, { device, site, now, powerW, leaseS: leaseOf(ends, leaseS), expected: ends.by, unseen: ends.unseen })]
        : [];
    });
    if (trials.length === 0) throw new AdapterError(`${device.id} has no control that a ${device.role} is dispatched by`, false);
    const supervised = await this.isSupervised(trials);
    return { wishes, trials, silent, ...(supervised === undefined ? {} : { supervised }) };
  }

  /**
   * Runs the trials that were agreed to, as the device and its site are by now: somebody may have thought about it for an hour.
   * The device is handed back at the end, whatever happens. Throws an `AdapterError` where less can be done than was agreed to.
   */
  async run(agreed: Preparation, signal: AbortSignal, say: (line: string) => void): Promise<CommissionFindings> {
    const { device, meter } = this.subject;
    const { trials, supervised = false } = stillAgreed(agreed, await this.prepare(agreed.wishes));
    const handOver = new HandOver(this.field, this.controls!, this.time, supervised ? this.supervision : undefined, say);
    const records: (TrialRecord | NoTrial)[] = [];
    for (const [index, planned] of trials.entries()) {
      const trial = index === 0 ? planned : await this.anew(planned, agreed.wishes);
      if (!isTrial(trial)) {
        records.push(trial);
        continue;
      }
      const pulsed: PulsedDevice = { ...handOver.of(trial), sample: () => this.sample() };
      records.push(await handOver.backAfter(trial, runTrial({ ...this.context(signal, say), device: pulsed }, trial)));
      if (handOver.isBack) continue;
      records.push(...trials.slice(index + 1).map(({ control, expected }) => ({ control, expected, reason: NOT_LET_GO })));
      break;
    }
    return findingsOf(device, meter, records, handOver.isBack);
  }

  /** A limit is worked out from what there is to cut, which the trial before it has left otherwise than it was. */
  private async anew(planned: Trial | NoTrial, { powerW }: CheckedWishes): Promise<Trial | NoTrial> {
    if (!isTrial(planned) || planned.control !== 'pv-limit') return planned;
    const { device, site } = this.subject;
    const { leaseS, expected } = planned;
    const now = { ...(await this.sample()), atMs: this.time.nowMs() };
    return trialOf('pv-limit', { device, site, now, powerW, leaseS, expected });
  }

  async close(): Promise<void> {
    await this.devices.close();
  }

  private context(signal: AbortSignal, say: (line: string) => void): Omit<PulseContext, 'device'> {
    return { time: this.time, samplePeriodMs: this.samplePeriodMs(), signal, say };
  }

  /** To forget what it does not know of tells whether it is there, and harms nothing: the device holds nothing now. */
  private async isSupervised(trials: readonly (Trial | NoTrial)[]): Promise<boolean | undefined> {
    const left = trials.filter((trial) => isTrial(trial) && trial.expected !== 'device');
    if (left.length === 0) return undefined;
    try {
      for (const { control } of left) await this.supervision.forget({ deviceId: this.subject.device.id, control });
      return true;
    } catch (error) {
      if (error instanceof AdapterError) return false;
      throw error;
    }
  }

  private async sample(): Promise<Omit<SiteSample, 'atMs'>> {
    const [device, gridW, others] = await Promise.all([
      this.field.driver.read(),
      this.meter && powerOf(this.meter),
      Promise.all(this.others.map(powerOf)),
    ]);
    const told = others.filter((powerW) => powerW !== undefined);
    const othersW = told.length === others.length ? told.reduce((sum, powerW) => sum + powerW, 0) : undefined;
    return { device, gridW, othersW };
  }

  /** As fast as the device bears, and not faster than most of them look at themselves. */
  private samplePeriodMs(): DurationMs {
    const { profile, address } = this.subject.device;
    const fastestMs = profile === SUNSPEC_PROFILE ? 0 : (loadProfiles().get(profile)?.fastestPeriodMs ?? 0);
    return Math.max(fastestMs, isSerial(address) ? SECOND_MS : SECOND_MS / 2);
  }
}

/** A SunSpec device of which the fleet file says so is given no timer, on the bench as by the plant. */
const isTimerless = ({ profile, reversion }: Device): boolean => profile === SUNSPEC_PROFILE && reversion === 'supervisor';

const NOT_LET_GO = 'not tried: the device was not seen to let go of what was tried before';

/** What can be done now, which must be all that was agreed to: a battery may have filled up, and a load may have gone. */
const stillAgreed = (agreed: Preparation, now: Preparation): Preparation => {
  for (const before of agreed.trials) {
    const after = now.trials.find(({ control }) => control === before.control);
    if (!isTrial(before)) continue;
    const reasons = after && isTrial(after) ? after.leftOut.filter((reason) => !before.leftOut.includes(reason)) : [after?.reason];
    const lacks = !after || !isTrial(after) || after.levelsW.length < before.levelsW.length;
    if (lacks) throw new AdapterError(`it is not any more as it was agreed to: ${before.control}: ${reasons.join('; ')}`, false);
  }
  if (agreed.supervised === true && now.supervised === false)
    throw new AdapterError('it is not any more as it was agreed to: the supervisor has gone', false);
  return { ...now, trials: now.trials.map((trial) => noMoreThan(agreed, trial)) };
};

/** What was left out when this was agreed to is left out still. */
const noMoreThan = ({ trials }: Preparation, now: Trial | NoTrial): Trial | NoTrial => {
  const agreed = trials.find(({ control }) => control === now.control);
  if (!agreed || !isTrial(agreed)) return agreed ?? now;
  return isTrial(now) && now.levelsW.length > agreed.levelsW.length ? agreed : now;
};

const answers = async ({ driver }: FieldDevice): Promise<boolean> => {
  try {
    await driver.read();
    return true;
  } catch (error) {
    if (error instanceof AdapterError) return false;
    throw error;
  }
};

const powerOf = async ({ device, driver }: FieldDevice): Promise<Watt | undefined> => {
  try {
    const values = await driver.read();
    return device.role === 'grid-meter' ? values['grid.powerW'] : ownPowerW(values);
  } catch (error) {
    if (error instanceof AdapterError) return undefined;
    throw error;
  }
};
