import { Injectable } from '@nestjs/common';
import { busName, type Device, type DeviceId, type ModbusBus } from '../fleet/plant.js';
import { monotonicMs } from '../platform/clock.js';
import { Bus, type BusUnit, paceUnit, timingOf } from './bus.js';
import type { DeviceDriver } from './drivers/device-driver.js';
import { ProfileDriver } from './drivers/profile-driver.js';
import { SunspecDriver } from './drivers/sunspec-driver.js';
import { ModbusLinks } from './modbus-link.port.js';
import { loadProfiles, profileFor, type Profiles, SUNSPEC_PROFILE } from './profiles.js';
import { RegisterWrites, WritePace } from './register-writes.js';
import type { SampleValues } from './sample.js';

/** A device of the plant with its way over the wire. */
export interface FieldDevice {
  readonly device: Device;
  readonly driver: DeviceDriver;
  /** The unit that polls go to; commands have one of their own on the same bus. */
  readonly unit: BusUnit;
  readonly periodMs: number;
  /** How fast setpoints may change, where its registers wear out. */
  readonly pace?: WritePace;
}

/** What devices told last in an earlier run of the plant, as far as it is known. */
export type LastTold = ReadonlyMap<DeviceId, SampleValues>;

/** Every device that stands on the wire, and the buses they share. */
@Injectable()
export class FieldDevices {
  private readonly buses = new Map<string, Bus>();
  private readonly devices = new Map<DeviceId, FieldDevice>();
  readonly writes = new RegisterWrites();

  constructor(private readonly links: ModbusLinks) {}

  /** Puts devices on their buses; nothing is connected yet. Throws `BadInput` for a profile that is unknown or broken. */
  open(devices: readonly Device[], lastTold: LastTold = new Map()): void {
    const profiles = loadProfiles();
    for (const device of devices) this.devices.set(device.id, this.fieldDevice(device, profiles, lastTold.get(device.id)));
  }

  get(id: DeviceId): FieldDevice | undefined {
    return this.devices.get(id);
  }

  all(): FieldDevice[] {
    return [...this.devices.values()];
  }

  /** Closes all buses; requests that wait or are on the wire fail. */
  async close(): Promise<void> {
    const buses = [...this.buses.values()];
    this.buses.clear();
    this.devices.clear();
    await Promise.all(buses.map((bus) => bus.close()));
  }

  private fieldDevice(device: Device, profiles: Profiles, lastTold: SampleValues | undefined): FieldDevice {
    const { unitId, sunspecBase } = device.address;
    const bus = this.bus(device.address);
    const [unit, control] = [bus.unit(unitId), bus.unit(unitId, 'control')];
    const profile = device.profile === SUNSPEC_PROFILE ? undefined : profileFor(profiles, device);
    for (const each of [unit, control]) paceUnit(each, device.address.minGapMs, profile);
    control.written = (address) => this.writes.count(device.id, address, monotonicMs());
    const pace = device.writesPerDay === undefined ? {} : { pace: new WritePace(device.writesPerDay, monotonicMs()) };
    if (!profile)
      return {
        device,
        unit,
        ...pace,
        driver: new SunspecDriver(unit, control, device, lastTold, sunspecBase),
        periodMs: device.pollPeriodMs,
      };
    const periodMs = Math.max(device.pollPeriodMs, profile.fastestPeriodMs);
    return { device, unit, ...pace, driver: new ProfileDriver(unit, control, profile, device, lastTold), periodMs };
  }

  private bus(address: ModbusBus): Bus {
    const name = busName(address);
    const known = this.buses.get(name);
    if (known) return known;
    const bus = new Bus(this.links.link(address), timingOf(address));
    this.buses.set(name, bus);
    return bus;
  }
}
