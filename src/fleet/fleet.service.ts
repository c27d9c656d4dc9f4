import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { BadInput } from '../kernel/errors.js';
import { Clock } from '../platform/clock.js';
import { ConsentEntity, LockOutEntity } from './consent.entity.js';
import type { Fleet } from './fleet-file.js';
import { type Consent, type Device, type DeviceId, devicesOf, type Plant, type Site, type SiteId } from './plant.js';
import { PlantDirectory } from './plant-directory.js';

/** Injects the parsed fleet file. */
export const FLEET = Symbol('fleet');

/** The plant as its file states it, and what people have said about it since. Reads never wait for the database. */
@Injectable()
export class FleetService extends PlantDirectory {
  private readonly sites: ReadonlyMap<SiteId, Site>;
  private readonly devices: ReadonlyMap<DeviceId, Device>;
  private readonly consents: Map<SiteId, Consent>;
  private readonly lockedOut = new Map<string, LockOutEntity>();

  constructor(
    @Inject(FLEET) private readonly fleet: Fleet,
    @InjectRepository(ConsentEntity) private readonly consentRows: Repository<ConsentEntity>,
    @InjectRepository(LockOutEntity) private readonly lockOutRows: Repository<LockOutEntity>,
    private readonly clock: Clock,
  ) {
    super();
    this.sites = new Map(fleet.plant.sites.map((site) => [site.id, site]));
    this.devices = new Map(devicesOf(fleet.plant).map((device) => [device.id, device]));
    this.consents = new Map(fleet.consents);
  }

  /** Reads what was said in earlier runs. Call once the database is there. */
  async load(): Promise<void> {
    for (const { siteId, reserveFloorPct, optedOut } of await this.consentRows.find())
      this.consents.set(siteId, { reserveFloorPct, optedOut });
    for (const row of await this.lockOutRows.find()) this.lockedOut.set(row.subject, row);
  }

  plant(): Plant {
    return this.fleet.plant;
  }

  site(siteId: SiteId): Site | undefined {
    return this.sites.get(siteId);
  }

  device(deviceId: DeviceId): Device | undefined {
    return this.devices.get(deviceId);
  }

  siteOfHousehold(householdId: string): Site | undefined {
    return this.fleet.plant.sites.find((site) => site.householdId === householdId);
  }

  consentOf(siteId: SiteId): Consent {
    return this.consents.get(siteId) ?? { reserveFloorPct: 0, optedOut: false };
  }

  async setConsent(siteId: SiteId, consent: Consent): Promise<void> {
    if (!this.sites.has(siteId)) throw new BadInput(`site "${siteId}" does not exist`);
    await this.consentRows.save({ siteId, ...consent, changedAtMs: this.clock.now() });
    this.consents.set(siteId, consent);
  }

  /** Whether the device, or the site it stands on, is locked out. */
  isLockedOut(deviceId: DeviceId): boolean {
    const siteId = this.devices.get(deviceId)?.siteId;
    return this.lockedOut.has(deviceId) || (siteId !== undefined && this.lockedOut.has(siteId));
  }

  lockOuts(): LockOutEntity[] {
    return [...this.lockedOut.values()];
  }

  async lockOut(subject: string, reason: string, byUser: string): Promise<void> {
    if (!this.sites.has(subject) && !this.devices.has(subject)) throw new BadInput(`there is no device or site "${subject}"`);
    const row: LockOutEntity = { subject, reason, byUser, sinceMs: this.clock.now() };
    await this.lockOutRows.save(row);
    this.lockedOut.set(subject, row);
  }

  /** False where it was not locked out. */
  async endLockOut(subject: string): Promise<boolean> {
    await this.lockOutRows.delete({ subject });
    return this.lockedOut.delete(subject);
  }
}
