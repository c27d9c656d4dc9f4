import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fleet, parseFleet } from '../../fleet/fleet-file.js';
import type { Device, Plant, Site } from '../../fleet/plant.js';
import { addDays, localDate, momentOf } from '../../kernel/local-day.js';
import { DAY_MS, type EpochMs, HOUR_MS } from '../../kernel/units.js';
import { type Tariff, tariffSchema } from '../../signals/tariff.js';
import { meanClearness, type MeasuredHome } from '../../simulator/index.js';
import { packageRoot } from '../package-info.js';

export const DEMO_FLEET = 'hardware/fleets/demo.yaml';
/** History the demo starts with. */
export const HISTORY_DAYS = 30;

export const demoFleet = (): Fleet<Tariff> => parseFleet(DEMO_FLEET, readFileSync(join(packageRoot(), DEMO_FLEET), 'utf8'), tariffSchema);

/** The plant with its Modbus ports beginning at `basePort`, one for each site. */
export const onPorts = (plant: Plant, ports: readonly number[]): Plant => ({
  ...plant,
  sites: plant.sites.map((site, index) => ({
    ...site,
    devices: site.devices.map((device) => ({ ...device, address: { ...device.address, port: ports[index]! } })),
  })),
});

/** The plant with the equipment the measured homes had, in their zone. */
export const withMeasuredHomes = (plant: Plant, measured: readonly MeasuredHome[], zone: string): Plant => {
  let home = -1;
  const sites = plant.sites.map((site): Site => {
    if (site.kind !== 'home') return { ...site, zone };
    home += 1;
    const replayed = measured[home % measured.length]!;
    return { ...site, zone, devices: site.devices.map((device) => equipped(device, replayed)) };
  });
  return { ...plant, zone, sites };
};

const equipped = (device: Device, { rows, pvPeakW, batteryWh, batteryW }: MeasuredHome): Device => {
  const mostSunW = rows.reduce((most, { pvW }) => Math.max(most, pvW), 0);
  const battery = device.battery && {
    ...device.battery,
    ...(batteryWh === undefined ? {} : { capacityWh: batteryWh }),
    ...(batteryW === undefined ? {} : { maxChargeW: batteryW, maxDischargeW: batteryW }),
  };
  const inverterW = Math.ceil(Math.max(mostSunW, pvPeakW ?? 0, 1_000));
  switch (device.role) {
    case 'pv':
      return { ...device, ratedW: inverterW, pvPeakW: inverterW };
    case 'hybrid':
      return { ...device, ratedW: Math.max(inverterW, battery!.maxDischargeW), pvPeakW: inverterW, battery };
    case 'battery':
      return { ...device, ratedW: battery!.maxDischargeW, battery };
    case 'grid-meter':
    case 'generator':
    case 'flexible-load':
      return device;
  }
};

/** Late morning: the sun is up, the evening is still to be planned. */
export const START_HOUR = 10;
export const START_MINUTE = 30;

/** A quarter past ten on the sunniest working day of the June before `realNowMs`, under made-up skies. */
export const sunnyMorning = (zone: string, skySeed: number, realNowMs: EpochMs): EpochMs => {
  const year = new Date(realNowMs).getUTCFullYear();
  const june = Date.UTC(year, 5, 1) < realNowMs - 30 * DAY_MS ? year : year - 1;
  const days = Array.from({ length: 28 }, (_, index) => addDays(`${june}-06-01`, index));
  const working = days.filter((date) => ![0, 6].includes(new Date(`${date}T00:00:00Z`).getUTCDay()));
  const clearness = (date: string): number => meanClearness(skySeed, momentOf(zone, date, 8), momentOf(zone, date, 18));
  const sunniest = working.reduce((best, date) => (clearness(date) > clearness(best) ? date : best));
  return momentOf(zone, sunniest, START_HOUR, START_MINUTE);
};

/** Past grid events: an hour of the evening peak every third day, on working days' and other days' evenings alike. */
export const pastEvents = (
  zone: string,
  startMs: EpochMs,
  endMs: EpochMs,
): { startMs: EpochMs; endMs: EpochMs; direction: 'up'; powerW: number; priceMicroPerKwh: number }[] => {
  const events: ReturnType<typeof pastEvents> = [];
  for (let date = addDays(localDate(zone, startMs), 12); momentOf(zone, date, 19) < endMs; date = addDays(date, 3)) {
    const atMs = momentOf(zone, date, 18);
    events.push({ startMs: atMs, endMs: atMs + HOUR_MS, direction: 'up', powerW: 25_000, priceMicroPerKwh: 400_000 });
  }
  return events;
};
