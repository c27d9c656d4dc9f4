import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseFleet } from '../fleet/fleet-file.js';
import { BadInput } from '../kernel/errors.js';
import { leaseOf, subjectOf, wishesFor } from './commission.js';

const FLEET = `name: Trial
zone: Europe/Berlin
currency: EUR
sites:
  - id: site
    name: Site
    importLimitW: 17000
    exportLimitW: 10000
    devices:
      - { id: meter, name: Meter, role: grid-meter, modbus: { host: 10.0.0.1, unitId: 1 }, ratedW: 17000 }
      - { id: pv, name: Roof, role: pv, modbus: { host: 10.0.0.1, unitId: 2 }, ratedW: 5000 }
      - id: battery
        name: Battery
        role: battery
        modbus: { host: 10.0.0.1, unitId: 3 }
        ratedW: 4000
        battery: { capacityWh: 9600, maxChargeW: 4000, maxDischargeW: 4000 }
      - id: huawei
        name: Hybrid
        role: hybrid
        profile: huawei-sun2000
        modbus: { host: 10.0.0.1, unitId: 4 }
        ratedW: 6000
        battery: { capacityWh: 9600, maxChargeW: 5000, maxDischargeW: 5000 }
`;

describe('what is to be commissioned', () => {
  const plant = parseFleet('fleet.yaml', FLEET, z.unknown().optional()).plant;

  it('is a device of the file that can be told something', () => {
    expect(() => subjectOf('fleet.yaml', plant, 'attic')).toThrow(
      /fleet\.yaml: there is no device "attic"; there are meter, pv, battery, huawei/,
    );
    expect(() => subjectOf('fleet.yaml', plant, 'meter')).toThrow(/which way it looks is proven along with a battery/);
  });

  it('is pulsed with a tenth of its rating, and never with more than that', () => {
    const subject = subjectOf('fleet.yaml', plant, 'battery');
    expect(wishesFor(subject, {})).toEqual({ powerW: 400 });
    expect(() => wishesFor(subject, { powerW: 4_001 })).toThrow(BadInput);
  });

  it('keeps a setpoint for as long as its control can count', () => {
    const { ending } = subjectOf('fleet.yaml', plant, 'huawei');
    const minutes = ending('battery-power')!;
    expect(minutes).toEqual({ by: 'device', inMinutes: true });
    expect(ending('pv-limit')).toBeUndefined();
    expect([leaseOf(minutes, undefined), leaseOf(minutes, 90)]).toEqual([60, 120]);
    expect(leaseOf({ by: 'device', inMinutes: false }, undefined)).toBe(20);
    expect(leaseOf({ by: 'device', inMinutes: false, afterS: 60 }, 20)).toBe(60);
  });
});
