import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { DeviceDecision } from '../dispatch/decision.js';
import { DispatchService } from '../dispatch/dispatch.service.js';
import { FieldControl } from '../field/field-control.port.js';
import { type Lease, setpointText } from '../field/setpoint.js';
import { FleetService } from '../fleet/fleet.service.js';
import { busName, type Device, type DeviceId, type Site } from '../fleet/plant.js';
import type { EpochMs } from '../kernel/units.js';
import { AlarmService } from '../platform/alarm.service.js';
import type { PlantImage } from '../telemetry/image.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import type { deviceRowSchema, fleetNowSchema, siteRowSchema } from './schemas.js';

export type FleetNowView = z.infer<typeof fleetNowSchema>;
export type SiteRow = z.infer<typeof siteRowSchema>;
export type DeviceRow = z.infer<typeof deviceRowSchema>;

/** The fleet, its sites and its devices as they are now, for operators. */
@Injectable()
export class FleetViewService {
  constructor(
    private readonly fleet: FleetService,
    private readonly telemetry: TelemetryService,
    private readonly field: FieldControl,
    private readonly dispatch: DispatchService,
    private readonly alarms: AlarmService,
  ) {}

  fleetNow(nowMs: EpochMs, activeEventId: string | undefined): FleetNowView {
    const { fleet, devices } = this.telemetry.image(nowMs);
    const health = { online: 0, stale: 0, offline: 0 };
    for (const device of devices.values()) health[device.health] += 1;
    return {
      atMs: nowMs,
      powersW: { ...fleet.powersW },
      loadW: fleet.loadW,
      storedWh: fleet.storedWh,
      capacityWh: fleet.capacityWh,
      complete: fleet.complete,
      sitesMissing: [...fleet.sitesMissing],
      devices: health,
      dispatch: this.dispatch.now(),
      openAlarms: this.alarms.openCount(),
      ...(activeEventId === undefined ? {} : { activeEventId }),
    };
  }

  siteRows(nowMs: EpochMs): SiteRow[] {
    const image = this.telemetry.image(nowMs);
    return this.fleet.plant().sites.map((site) => this.siteRow(site, image));
  }

  siteRow(site: Site, image: PlantImage): SiteRow {
    const now = image.sites.get(site.id);
    const { optedOut, reserveFloorPct } = this.fleet.consentOf(site.id);
    return {
      id: site.id,
      name: site.name,
      kind: site.kind,
      householdId: site.householdId,
      powersW: now?.powersW ?? {},
      loadW: now?.loadW,
      socPct: now?.socPct,
      optedOut,
      reserveFloorPct,
      missing: [...(now?.missing ?? site.devices.map(({ id }) => id))],
      readAtMs: now?.readAtMs,
    };
  }

  deviceRows(nowMs: EpochMs): DeviceRow[] {
    const image = this.telemetry.image(nowMs);
    const leases = byDevice(this.field.leases());
    const decided = byDevice(this.dispatch.now().mode === 'running' ? (this.dispatch.recent().at(-1)?.devices ?? []) : []);
    const writes = this.field.writesLastDay();
    return this.fleet.plant().sites.flatMap((site) =>
      site.devices.map((device) => ({
        ...this.deviceRow(site, device, image, leases.get(device.id) ?? []),
        decided: (decided.get(device.id) ?? []).map(whyOf),
        ...writesOf(device, writes.get(device.id)),
      })),
    );
  }

  writesLastDay(): ReadonlyMap<string, number> {
    return this.field.writesLastDay();
  }

  private deviceRow(site: Site, device: Device, image: PlantImage, held: readonly Lease[]): Omit<DeviceRow, 'decided'> {
    const now = image.devices.get(device.id);
    const newest = held.at(-1);
    return {
      id: device.id,
      name: device.name,
      siteId: site.id,
      siteName: site.name,
      role: device.role,
      profile: device.profile,
      ratedW: device.ratedW,
      address: `${busName(device.address)} unit ${device.address.unitId}`,
      health: now?.health ?? 'offline',
      reason: now?.reason,
      readAtMs: now?.readAtMs,
      values: { ...now?.values },
      lease: newest && {
        owner: newest.owner,
        setpoint: held.map(({ setpoint }) => setpointText(setpoint)).join(', '),
        expiresAtMs: newest.expiresAtMs,
      },
      lockedOut: this.fleet.isLockedOut(device.id),
    };
  }
}

const byDevice = <T extends { readonly deviceId: DeviceId }>(all: readonly T[]): Map<DeviceId, T[]> => {
  const each = new Map<DeviceId, T[]>();
  for (const one of all) {
    const known = each.get(one.deviceId);
    if (known) known.push(one);
    else each.set(one.deviceId, [one]);
  }
  return each;
};

const whyOf = ({ control, owner, reason, cuts }: DeviceDecision): DeviceRow['decided'][number] => ({
  control,
  owner,
  reason,
  cuts: cuts.map(({ by, why }) => ({ by, why })),
});

const writesOf = ({ writesPerDay: perDay }: Device, lastDay: number | undefined): Pick<DeviceRow, 'writes'> =>
  lastDay === undefined && perDay === undefined ? {} : { writes: { lastDay: lastDay ?? 0, ...(perDay === undefined ? {} : { perDay }) } };
