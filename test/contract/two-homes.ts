import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { PlantApp } from '../../src/cli/plant-app.js';
import { parseFleet } from '../../src/fleet/fleet-file.js';
import type { Clock } from '../../src/platform/clock.js';
import { type Config, configOf } from '../../src/platform/config.js';
import { tariffSchema } from '../../src/signals/tariff.js';

/** A small plant: one home with roof and battery, one with a hybrid inverter. Each site answers on one port, as behind a gateway. */
export const twoHomesFleet = ([annaPort, bertPort]: readonly [number, number]): string => `
name: Two homes
zone: Europe/Berlin
currency: EUR
tariff: { import: { pricePerKwh: 0.30 }, export: 0.08 }
households:
  - { id: anna, name: Anna }
  - { id: bert, name: Bert }
sites:
  - id: anna-home
    name: Anna's house
    household: anna
    importLimitW: 17000
    exportLimitW: 10000
    devices:
      - { id: anna-meter, name: Meter, role: grid-meter, modbus: { host: 127.0.0.1, port: ${annaPort}, unitId: 1 }, pollPeriodMs: 500, ratedW: 17000 }
      - { id: anna-pv, name: Roof, role: pv, modbus: { host: 127.0.0.1, port: ${annaPort}, unitId: 2 }, pollPeriodMs: 500, reversion: device, ratedW: 5000, pvPeakW: 5400 }
      - id: anna-battery
        name: Battery
        role: battery
        modbus: { host: 127.0.0.1, port: ${annaPort}, unitId: 3 }
        pollPeriodMs: 500
        reversion: device
        ratedW: 3000
        battery: { capacityWh: 8000, maxChargeW: 3000, maxDischargeW: 3000 }
  - id: bert-home
    name: Bert's house
    household: bert
    importLimitW: 17000
    exportLimitW: 10000
    safeLimits: { sunW: 5000, loadW: 9000 }
    controllableLoads: [{ kind: battery, ratedW: 3000 }]
    devices:
      - { id: bert-meter, name: Meter, role: grid-meter, modbus: { host: 127.0.0.1, port: ${bertPort}, unitId: 1 }, pollPeriodMs: 500, ratedW: 17000 }
      - id: bert-hybrid
        name: Hybrid inverter
        role: hybrid
        modbus: { host: 127.0.0.1, port: ${bertPort}, unitId: 2 }
        pollPeriodMs: 500
        reversion: device
        ratedW: 6000
        pvPeakW: 7000
        battery: { capacityWh: 7700, maxChargeW: 3000, maxDischargeW: 3000 }
`;

/** The two homes as a plant in this process: every room is wired, nothing polls and nothing listens. */
export const twoHomesPlant = async (
  clock: Clock,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ plant: PlantApp; config: Config; stop(): Promise<void> }> => {
  const folder = mkdtempSync(join(tmpdir(), 'two-homes-'));
  const config = configOf({ VPP_DATA_DIR: folder, VPP_PORT: '0', VPP_INTERVAL_MINUTES: '1', ...environment });
  const plant = await PlantApp.create({
    config,
    clock,
    log: pino({ level: 'silent' }),
    fleet: parseFleet('two-homes.yaml', twoHomesFleet([15_990, 15_991]), tariffSchema),
    facts: {
      mode: 'serve',
      simulated: false,
      replay: undefined,
      clockOffsetMs: 0,
      intervalMinutes: config.intervalMinutes,
      ledger: 'embedded',
      demoLogins: undefined,
      history: () => undefined,
    },
    origin: 'heliograph.test/two-homes',
  });
  const stop = async (): Promise<void> => {
    await plant.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { plant, config, stop };
};
