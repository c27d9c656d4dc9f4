import type { Profile } from '../../registers/profile.js';
import type { BusUnit } from '../bus.js';
import { withoutFallback } from '../commands/written.js';
import { endingBy } from '../control-ending.js';
import { ProfileControls } from '../commands/profile-controls.js';
import type { SampleValues } from '../sample.js';
import type { Fallback, Setpoint } from '../setpoint.js';
import type { CommandOutcome, DeviceDriver, SelfReport, Standing } from './device-driver.js';
import { countedAt } from './hybrid-sample.js';
import { HybridCounters } from './hybrid-split.js';
import { PointReader } from './profile-points.js';
import { pointsOfRole, sampleOf } from './profile-sample.js';

/** A device that is described by its register list. */
export class ProfileDriver implements DeviceDriver {
  private readonly points: PointReader;
  private readonly rating: PointReader;
  private readonly controls: ProfileControls;
  private readonly counters: HybridCounters;

  /** `lastTold` is what the device told last in an earlier run of the plant. */
  constructor(
    unit: BusUnit,
    control: BusUnit,
    private readonly profile: Profile,
    private readonly standing: Standing,
    lastTold: SampleValues = {},
  ) {
    this.points = new PointReader(unit, profile, pointsOfRole(standing.role, profile.points));
    this.rating = new PointReader(unit, profile, ['ratedW']);
    this.controls = new ProfileControls(control, profile, standing.flexibleLoad?.phases);
    this.counters = new HybridCounters(countedAt(lastTold));
  }

  async read(): Promise<SampleValues> {
    return sampleOf(this.standing, await this.points.readValues(), this.counters, this.profile.points);
  }

  async command(setpoint: Setpoint, leaseS: number, fallback?: Fallback): Promise<CommandOutcome> {
    const outcome = await this.controls.command(setpoint, leaseS, fallback);
    const isToldLater = this.standing.reversion === 'supervisor' && !this.endsByItself(setpoint.kind);
    return isToldLater || this.controls.keepsFallback(setpoint.kind) ? outcome : withoutFallback(outcome, fallback);
  }

  release(kinds?: readonly Setpoint['kind'][]): Promise<boolean> {
    return this.controls.release(kinds);
  }

  beat(): Promise<boolean> {
    return Promise.resolve(false);
  }

  shows(kind: Setpoint['kind']): Promise<string | undefined> {
    return this.controls.shows(kind);
  }

  showsFallback(fallback: Fallback): Promise<string | undefined> {
    return this.controls.showsFallback(fallback);
  }

  endsByItself(kind: Setpoint['kind']): boolean {
    return endingBy(this.profile, kind)?.by === 'device';
  }

  showsItsEnd(kind: Setpoint['kind']): boolean {
    return !endingBy(this.profile, kind)?.unseen;
  }

  /** Clocks of register maps are on local time without saying which: none is believed. */
  async selfReport(): Promise<SelfReport> {
    const { ratedW } = await this.rating.readValues();
    return ratedW ? { ratedW } : {};
  }
}
