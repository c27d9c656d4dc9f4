import { type Device, isSerial, type Plant, type Site } from '../fleet/plant.js';
import { AdapterError, BadInput, messageOf } from '../kernel/errors.js';
import { type DurationMs, SECOND_MS, type Watt } from '../kernel/units.js';
import { holdingCases } from '../registers/profile-commands.js';
import type { Profile } from '../registers/profile.js';
import { type Commissioned, commissionedDevice } from './commissioned.js';
import { type CommissionFindings, findingsOf } from './commission-findings.js';
import type { CommandOutcome } from './drivers/device-driver.js';
import { type FieldDevice, FieldDevices } from './field-devices.js';
import type { ModbusLinks } from './modbus-link.port.js';
import { loadProfiles, profileFor, SUNSPEC_PROFILE } from './profiles.js';
import { type PulseContext, type PulsedDevice, type PulseTime, runTrial } from './pulse-run.js';
import type { TrialRecord } from './pulse-record.js';
import { controlsOfRole, isTrial, type NoTrial, ownPowerW, ratingOf, type SiteSample, type Trial, trialOf } from './pulse-trial.js';
import type { Setpoint } from './setpoint.js';

/** What is commissioned: a device of a fleet file, and the site it stands at. */
export interface Subject {
  readonly site: Site;
  readonly device: Device;
  /** The meter that tells what the site takes from the grid. */
  readonly meter: Device | undefined;
  readonly expected: Trial['expected'];
  /** Its timers count in whole minutes. */
  readonly inMinutes: boolean;
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
  const profile = device.profile === SUNSPEC_PROFILE ? undefined : profileFor(loadProfiles(), { ...device, reversion: 'none' });
  if (profile && !profile.commands) throw new BadInput(`${deviceId}: profile "${device.profile}" knows no commands`);
  // SunSpec devices have timers, and whether they keep to them is the question.
  const expected = profile ? (profile.reversion?.class ?? 'none') : 'device';
  return { site, device, meter, expected, inMinutes: profile !== undefined && countsMinutes(profile) };
};

const countsMinutes = ({ commands = {} }: Profile): boolean =>
  holdingCases(commands).some(([, { write }]) => write.some(({ value }) => value === 'leaseMin'));

export interface TrialWishes {
  /** A tenth of the rating without. */
  readonly powerW?: Watt;
  readonly leaseS?: number;
}

const USUAL_SHARE = 0.1;
const USUAL_LEASE_S = 20;
const SECONDS_PER_MINUTE = 60;

/** What is asked for, or what is usual for the device. Throws `BadInput` where it is more than its rating. */
export const wishesFor = ({ device, inMinutes }: Subject, { powerW, leaseS }: TrialWishes): Required<TrialWishes> => {
  const ratingW = ratingOf(device);
  if (powerW !== undefined && powerW > ratingW)
    throw new BadInput(`--power: at most ${ratingW}W, which is the rating of ${device.id} in the fleet file`);
  return { powerW: powerW ?? Math.round(USUAL_SHARE * ratingW), leaseS: leaseS ?? (inMinutes ? SECONDS_PER_MINUTE : USUAL_LEASE_S) };
};

/** What was prepared: trials, and controls that cannot be tried now. Nothing has been told yet. */
export interface Preparation {
  readonly trials: readonly (Trial | NoTrial)[];
  readonly now: SiteSample;
  /** Devices of the site that do not answer: what they make up for is not seen. */
  readonly silent: readonly string[];
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
  ) {
    const { site, device, meter } = subject;
    this.devices = new FieldDevices(links);
    this.devices.open(site.devices.map((each) => ({ ...each, reversion: 'none' })));
    this.field = this.devices.get(device.id)!;
    this.meter = meter && this.devices.get(meter.id);
    this.others = this.devices.all().filter(({ device: { id } }) => id !== device.id && id !== meter?.id);
  }

  /** Reads what the device and its site do now. Throws an `AdapterError` where the device does not answer, or is commanded already. */
  async prepare(wishes: Required<TrialWishes>): Promise<Preparation> {
    const { device, site, expected } = this.subject;
    const { profile, address } = device;
    this.controls = await commissionedDevice(this.field.unit, { profile, sunspecBase: address.sunspecBase });
    if (await this.controls.holds())
      throw new AdapterError(
        `${device.id} is under a setpoint already: end it, or find out who commands it, before it is commissioned`,
        false,
      );
    const silent: string[] = [];
    for (const other of [...this.others, ...(this.meter ? [this.meter] : [])]) if (!(await answers(other))) silent.push(other.device.id);
    this.others = this.others.filter((other) => !silent.includes(other.device.id));
    const now = { ...(await this.sample()), atMs: this.time.nowMs() };
    const request = { device, site, now, expected, ...wishes };
    return { trials: controlsOfRole(device.role).map((control) => trialOf(control, request)), now, silent };
  }

  /** Runs the trials that were prepared. The device is handed back at the end, whatever happens. */
  async run({ trials }: Preparation, signal: AbortSignal, say: (line: string) => void): Promise<CommissionFindings> {
    const { device, meter } = this.subject;
    const context: PulseContext = { device: this.pulsed(), time: this.time, samplePeriodMs: this.samplePeriodMs(), signal, say };
    const records: (TrialRecord | NoTrial)[] = [];
    try {
      for (const trial of trials) {
        records.push(isTrial(trial) ? await runTrial(context, trial) : trial);
        if (isTrial(trial)) await this.handBackForSure(say);
      }
    } catch (error) {
      if (!(await this.handBack(say))) throw new AdapterError(`${messageOf(error)}; ${NOT_RELEASED}`, false, { cause: error });
      throw error;
    }
    return findingsOf(device, meter, records);
  }

  async close(): Promise<void> {
    await this.devices.close();
  }

  private pulsed(): PulsedDevice {
    const { driver } = this.field;
    return {
      sample: () => this.sample(),
      command: (setpoint: Setpoint, leaseS: number): Promise<CommandOutcome> => driver.command(setpoint, leaseS),
      release: () => driver.release(),
      holds: () => this.controls!.holds(),
    };
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

  private async handBackForSure(say: (line: string) => void): Promise<void> {
    if (!(await this.handBack(say))) throw new AdapterError('it was told to let go', false);
  }

  /** A release that was lost on the wire is worth another: until it has let go, nobody may walk away. */
  private async handBack(say: (line: string) => void): Promise<boolean> {
    for (let attempt = 1; attempt <= RELEASE_ATTEMPTS; attempt += 1) {
      try {
        if (await this.field.driver.release()) return true;
        say('the device does not show that it let go');
      } catch (error) {
        say(`not released yet: ${messageOf(error)}`);
      }
      if (attempt < RELEASE_ATTEMPTS) await this.time.pause(SECOND_MS);
    }
    return false;
  }

  /** As fast as the device bears, and not faster than most of them look at themselves. */
  private samplePeriodMs(): DurationMs {
    const { profile, address } = this.subject.device;
    const fastestMs = profile === SUNSPEC_PROFILE ? 0 : (loadProfiles().get(profile)?.fastestPeriodMs ?? 0);
    return Math.max(fastestMs, isSerial(address) ? SECOND_MS : SECOND_MS / 2);
  }
}

const RELEASE_ATTEMPTS = 3;
const NOT_RELEASED = 'the device was NOT seen to let go: look at it, and end it with `vpp device command … --release`';

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
