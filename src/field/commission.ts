import { type Device, isSerial, type Plant, type ReversionClass, type Site } from '../fleet/plant.js';
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
import { walkSunspec } from './sunspec-walk.js';

/** What is commissioned: a device of a fleet file, and the site it stands at. */
export interface Subject {
  readonly site: Site;
  readonly device: Device;
  /** The meter that tells what the site takes from the grid. */
  readonly meter: Device | undefined;
  /** What ends its controls, as far as that is known before it is tried; `undefined` for one that its profile does not have. */
  readonly ending: (control: Setpoint['kind']) => Ending | undefined;
}

interface Ending {
  readonly by: ReversionClass;
  /** The device's own time, where it cannot be told another. */
  readonly afterS?: number;
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
  // All its commands are to be tried, also those that the fleet file does not count on yet.
  const profile = device.profile === SUNSPEC_PROFILE ? undefined : profileFor(loadProfiles(), { ...device, reversion: 'none' });
  if (profile && !profile.commands) throw new BadInput(`${deviceId}: profile "${device.profile}" knows no commands`);
  return { site, device, meter, ending: (control) => (profile ? endingBy(profile, control) : BY_A_TIMER) };
};

/** SunSpec devices have timers, and whether they keep to them is the question. */
const BY_A_TIMER: Ending = { by: 'device', inMinutes: false };

const COMMAND_OF = { 'battery-power': 'batteryPower', 'pv-limit': 'pvLimit', generator: 'generator' } as const;

const endingBy = ({ commands = {}, reversion }: Profile, kind: Setpoint['kind']): Ending | undefined => {
  const control = commands[COMMAND_OF[kind]];
  if (!control) return undefined;
  const writes = holdingCases({ [COMMAND_OF[kind]]: control }).flatMap(([, { write }]) => write);
  return {
    by: (control.reversion ?? reversion)?.class ?? 'none',
    ...(control.endsAfterS === undefined ? {} : { afterS: control.endsAfterS }),
    inMinutes: writes.some(({ value }) => value === 'leaseMin'),
  };
};

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
  readonly trials: readonly (Trial | NoTrial)[];
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
  async prepare({ powerW, leaseS }: CheckedWishes): Promise<Preparation> {
    const { device, site, ending } = this.subject;
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
    const there = await this.controlsThere();
    const trials = controlsOfRole(device.role).flatMap((control) => {
      const ends = there.includes(control) ? ending(control) : undefined;
      return ends ? [trialOf(control, { device, site, now, powerW, leaseS: leaseOf(ends, leaseS), expected: ends.by })] : [];
    });
    if (trials.length === 0) throw new AdapterError(`${device.id} has no control that a ${device.role} is dispatched by`, false);
    return { trials, silent };
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

  /** The controls that the device has; those of a profile are its commands. */
  private async controlsThere(): Promise<readonly Setpoint['kind'][]> {
    const { profile, address, role } = this.subject.device;
    if (profile !== SUNSPEC_PROFILE) return controlsOfRole(role);
    const map = await walkSunspec((from, count) => this.field.unit.read('holding', from, count), address.sunspecBase);
    return controlsOfModels((map?.models ?? []).map(({ id }) => id));
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
      beat: () => driver.beat(),
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

/** By which models a device takes which setpoints (see `sunspecControls`). */
const controlsOfModels = (ids: readonly number[]): Setpoint['kind'][] => {
  const has = (...models: number[]): boolean => models.every((id) => ids.includes(id));
  return [
    ...(has(123, 121) || has(704, 702) ? (['pv-limit'] as const) : []),
    ...(has(124) || has(704) ? (['battery-power'] as const) : []),
  ];
};

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
