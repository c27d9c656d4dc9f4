import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Subject } from 'rxjs';
import { IsNull, MoreThan, Repository } from 'typeorm';
import { type Setpoint, wattsOf } from '../field/setpoint.js';
import { type Device, type DeviceId, devicesOf, givesSun } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { BadInput } from '../kernel/errors.js';
import { DAY_MS, type EpochMs } from '../kernel/units.js';
import { type ManualOverride, overridesAt } from './manual-override.js';
import { ManualOverrideEntity } from './order.entity.js';

export interface OverrideRequest {
  readonly deviceId: DeviceId;
  readonly setpoint: Setpoint;
  readonly endMs: EpochMs;
  readonly reason: string;
}

const LONGEST_MS = DAY_MS;

/** Setpoints that people give by hand. Each ends by itself; what is in force is held in memory for the control cycle. */
@Injectable()
export class OverrideService {
  readonly changes = new Subject<ManualOverride>();
  private held: ManualOverride[] = [];

  constructor(
    @InjectRepository(ManualOverrideEntity) private readonly rows: Repository<ManualOverrideEntity>,
    private readonly plant: PlantDirectory,
  ) {}

  /** Takes up the overrides of earlier runs that still hold. Call once the database is there. */
  async load(nowMs: EpochMs): Promise<void> {
    const rows = await this.rows.find({ where: { endMs: MoreThan(nowMs), withdrawnAtMs: IsNull() }, order: { id: 'ASC' } });
    this.held = rows.map(overrideOf);
  }

  /** Sets an override from now on; it takes the place of an earlier one on the device. Throws `BadInput` with every fault. */
  async set(request: OverrideRequest, byUser: string, nowMs: EpochMs): Promise<ManualOverride> {
    const device = devicesOf(this.plant.plant()).find(({ id }) => id === request.deviceId);
    const faults = faultsOf(request, device, nowMs);
    if (faults.length > 0) throw new BadInput(faults);
    const row = this.rows.create({ ...request, startMs: nowMs, setBy: byUser, setAtMs: nowMs, withdrawnAtMs: null, withdrawnBy: null });
    await this.rows.insert(row);
    const override = overrideOf(row);
    this.held = [...this.held.filter(({ endMs }) => endMs > nowMs), override];
    this.changes.next(override);
    return override;
  }

  /** Ends the overrides of a device; false where it has none in force. */
  async withdraw(deviceId: DeviceId, byUser: string, nowMs: EpochMs): Promise<boolean> {
    const ending = this.held.filter((held) => held.deviceId === deviceId && held.endMs > nowMs);
    if (ending.length === 0) return false;
    await this.rows.update({ deviceId, endMs: MoreThan(nowMs), withdrawnAtMs: IsNull() }, { withdrawnAtMs: nowMs, withdrawnBy: byUser });
    this.held = this.held.filter((held) => held.deviceId !== deviceId);
    for (const override of ending) this.changes.next({ ...override, withdrawnAtMs: nowMs });
    return true;
  }

  /** What is in force now, by device. */
  at(nowMs: EpochMs): ReadonlyMap<DeviceId, ManualOverride> {
    return overridesAt(this.held, nowMs);
  }
}

const faultsOf = ({ deviceId, setpoint, endMs, reason }: OverrideRequest, device: Device | undefined, nowMs: EpochMs): string[] => {
  const faults: string[] = [];
  if (!device) faults.push(`deviceId: there is no device "${deviceId}"`);
  else if (!suits(device, setpoint)) faults.push(`setpoint: a ${device.role} takes no ${WORDS[setpoint.kind]}`);
  if (!Number.isFinite(wattsOf(setpoint))) faults.push('setpoint: must be a power in W');
  if (!(endMs > nowMs && endMs <= nowMs + LONGEST_MS)) faults.push('endMs: an override ends within 24 hours');
  if (reason.trim() === '') faults.push('reason: say why, in a few words');
  return faults;
};

const WORDS: Readonly<Record<Setpoint['kind'], string>> = {
  'battery-power': 'power of a battery',
  'pv-limit': 'limit on sun',
  generator: 'order to run or to stop',
  'load-limit': 'limit on what it draws',
};

const suits = ({ role }: Device, { kind }: Setpoint): boolean => {
  if (kind === 'battery-power') return role === 'battery' || role === 'hybrid';
  if (kind === 'pv-limit') return givesSun({ role });
  return kind === 'generator' ? role === 'generator' : role === 'flexible-load';
};

const overrideOf = (row: ManualOverrideEntity): ManualOverride => {
  const { id, deviceId, setpoint, startMs, endMs, reason, setBy, setAtMs, withdrawnAtMs } = row;
  return { id, deviceId, setpoint, startMs, endMs, reason, setBy, setAtMs, withdrawnAtMs: withdrawnAtMs ?? undefined };
};
