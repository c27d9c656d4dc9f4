import { describe, expect, it, type TestContext, vi } from 'vitest';
import { z } from 'zod';
import { parseFleet } from '../../src/fleet/fleet-file.js';
import { HOUR_MS } from '../../src/kernel/units.js';
import { type RunningFleet, startFleet, type VirtualSite } from '../../src/simulator/index.js';
import { ModbusSerialLinks } from '../../src/field/adapters/modbus-serial-link.js';
import { SupervisorSocket } from '../../src/field/adapters/supervisor-socket.js';
import { CommissionBench, subjectOf, type TrialWishes, wishesFor } from '../../src/field/commission.js';
import { changesBy, type CommissionFindings, isDisproved } from '../../src/field/commission-findings.js';
import { loadProfiles, profileNamed } from '../../src/field/profiles.js';
import { HardwareTime } from './hardware-time.js';

const profiles = loadProfiles();
const pack = {
  capacityWh: 9_600,
  maxChargeW: 4_000,
  maxDischargeW: 4_000,
  chargeEfficiency: 0.95,
  dischargeEfficiency: 0.95,
  minSocPct: 8,
  maxSocPct: 97,
  startSocPct: 50,
};
const array = { peakW: 6_000, tiltDeg: 30, azimuthDeg: 180 };
const place = { seed: 1, zone: 'Europe/Berlin', latitude: 48, longitude: 11, host: '127.0.0.1', port: 0, kind: 'home' } as const;
const bare = {
  id: 'site',
  ...place,
  load: { kind: 'made-up', meanW: 500 },
  meter: { id: 'meter', unitId: 1, map: 'sunspec-203' },
} as const;
const home: VirtualSite = { ...bare, battery: { id: 'battery', unitId: 3, models: '124', ratedW: 4_000, pack } };
const sunny: VirtualSite = { ...bare, pv: { id: 'pv', unitId: 2, models: '103', ratedW: 5_000, array } };
const hybrid: VirtualSite = { ...bare, hybrid: { id: 'hybrid', unitId: 2, ratedW: 6_000, array, pack } };
const ENGINE = { minW: 3_000, maxW: 20_000, rampWPerS: 2_000, warmUpS: 5, minUpS: 30, minDownS: 0, noLoadLitresPerH: 1, litresPerKwh: 0.3 };
const works: VirtualSite = {
  ...bare,
  kind: 'generators',
  generators: [{ id: 'genset', unitId: 2, map: profileNamed(profiles, 'virtual-genset'), ...ENGINE, coolDownS: 5, tankLitres: 100 }],
};

const car = [{ comesMs: 0, goesMs: 4e12, energyWh: 80_000 }];
const garage: VirtualSite = { ...bare, chargers: [{ id: 'charger', unitId: 255, ratedW: 11_040, phases: 3, car }] };

const BATTERY = 'battery: { capacityWh: 9600, maxChargeW: 4000, maxDischargeW: 4000, minSocPct: 8, maxSocPct: 97 }';
const fleetFile = (port: number, meterDirection = 1): string => `name: Trial
zone: Europe/Berlin
currency: EUR
sites:
  - id: site
    name: Site
    importLimitW: 17000
    exportLimitW: 10000
    devices:
      - { id: meter, name: Meter, role: grid-meter, modbus: { host: 127.0.0.1, port: ${port}, unitId: 1 }, direction: ${meterDirection}, ratedW: 17000 }
      - { id: battery, name: Battery, role: battery, modbus: { host: 127.0.0.1, port: ${port}, unitId: 3 }, ratedW: 4000, ${BATTERY} }
      - { id: pv, name: Roof, role: pv, modbus: { host: 127.0.0.1, port: ${port}, unitId: 2 }, ratedW: 5000 }
`;
const hybridFile = (port: number): string =>
  fleetFile(port)
    .replace(/ {6}- \{ id: pv.*\n/, '')
    .replace('id: battery, name: Battery, role: battery', 'id: hybrid, name: Hybrid, role: hybrid')
    .replace('unitId: 3', 'unitId: 2')
    .replace('ratedW: 4000', 'ratedW: 6000');
const worksFile = (port: number): string =>
  fleetFile(port)
    .replace(/ {6}- \{ id: battery.*\n/, '')
    .replace('id: pv, name: Roof, role: pv', 'id: genset, name: Genset, role: generator, profile: virtual-genset')
    .replace(
      'ratedW: 5000',
      `ratedW: 20000, generator: { ${Object.entries({ ...ENGINE, fuelMicroPerLitre: 0, startMicro: 0 })
        .map(([key, value]) => `${key}: ${value}`)
        .join(', ')} }`,
    );

const garageFile = (port: number): string =>
  fleetFile(port)
    .replace(/ {6}- \{ id: battery.*\n/, '')
    .replace('id: pv, name: Roof, role: pv', 'id: charger, name: Charger, role: flexible-load, profile: keba-kecontact')
    .replace('unitId: 2', 'unitId: 255')
    .replace('ratedW: 5000', 'ratedW: 11040, flexibleLoad: { kind: charger, minW: 4140, phases: 3 }');

const NOBODY = new SupervisorSocket('no-such-folder');

/** A site on the wire, for one test. */
class Rig {
  private constructor(
    readonly fleet: RunningFleet,
    readonly port: number,
    readonly time: HardwareTime,
  ) {}

  /** What ends a trial in its midst. */
  readonly stop = new AbortController();

  static async start({ onTestFinished }: Pick<TestContext, 'onTestFinished'>, site: VirtualSite): Promise<Rig> {
    const time = new HardwareTime(Date.UTC(2025, 5, 21, 11));
    const fleet = await startFleet([site], { now: () => time.skyMs(), ticks: 'caller' });
    time.tick = () => fleet.tick(time.skyMs());
    onTestFinished(() => fleet.stop());
    return new Rig(fleet, fleet.addresses.get('site')!.port, time);
  }

  controls(id: string): Record<string, number> {
    return this.fleet.stateOf('site').controls[id]!.values;
  }

  async commissioned(
    text: string,
    deviceId: string,
    wishes: TrialWishes = {},
    say: (line: string) => void = () => undefined,
  ): Promise<Commissioned> {
    const subject = subjectOf('fleet.yaml', parseFleet('fleet.yaml', text, z.unknown().optional()).plant, deviceId);
    const bench = new CommissionBench(new ModbusSerialLinks(), subject, this.time, NOBODY);
    try {
      const prepared = await bench.prepare(wishesFor(subject, wishes));
      const findings = await bench.run(prepared, this.stop.signal, say);
      return { ...findings, changes: changesBy(findings, subject.device, subject.meter, '2025-06-21T11:00:00Z') };
    } finally {
      await bench.close();
    }
  }
}

type Commissioned = CommissionFindings & { readonly changes: ReturnType<typeof changesBy> };

describe('the commissioning of a device, on simulated hardware', { timeout: 60_000 }, () => {
  it('proves a battery, and finds that its meter was turned round', async (test) => {
    const rig = await Rig.start(test, { ...home, meter: { ...home.meter, direction: -1 } });
    const findings = await rig.commissioned(fleetFile(rig.port), 'battery');
    expect(findings).toMatchObject({
      role: { verdict: 'proven' },
      controls: [{ control: 'battery-power', sign: { verdict: 'proven' }, latency: { verdict: 'proven' }, leftOut: [] }],
      meter: { verdict: 'proven', deviceId: 'meter', direction: -1 },
      reversion: { verdict: 'proven' },
    });
    expect(findings.latencyMs).toBeLessThan(5_000);
    expect(findings.reversion.reversionS).toBeGreaterThan(18);
    expect(findings.reversion.reversionS).toBeLessThan(30);
    expect(findings.changes).toEqual([
      { deviceId: 'meter', fields: { direction: -1 } },
      {
        deviceId: 'battery',
        fields: {
          reversion: 'device',
          commissioned: { at: '2025-06-21T11:00:00Z', latencyMs: findings.latencyMs, reversionS: findings.reversion.reversionS },
        },
      },
    ]);
    expect(rig.controls('battery')['124.StorCtl_Mod']).toBe(0);
  });

  it('leaves a meter alone that looks the way the file says', async (test) => {
    const rig = await Rig.start(test, { ...home, meter: { ...home.meter, direction: -1 }, battery: { ...home.battery!, models: '704' } });
    const { meter, changes } = await rig.commissioned(fleetFile(rig.port, -1), 'battery');
    expect(meter).toMatchObject({ verdict: 'proven', direction: -1 });
    expect(changes.map(({ deviceId }) => deviceId)).toEqual(['battery']);
  });

  it('disproves a device that never lets go, and lets go of it', async (test) => {
    const rig = await Rig.start(test, { ...home, faults: [{ kind: 'timer-stuck', deviceId: 'battery', afterMs: 0, forMs: 1e9 }] });
    const text = fleetFile(rig.port).replace('role: battery,', 'role: battery, reversion: device,');
    const findings = await rig.commissioned(text, 'battery', { leaseS: 12 });
    expect(findings.reversion).toMatchObject({ verdict: 'disproved', reason: expect.stringContaining('nothing on the device ends it') });
    expect(isDisproved(findings)).toBe(true);
    expect(findings.changes).toEqual([{ deviceId: 'battery', fields: { reversion: 'none' } }]);
    expect(rig.controls('battery')['124.StorCtl_Mod']).toBe(0);
  });

  it('disproves a device that does not do what it is told', async (test) => {
    const rig = await Rig.start(test, { ...home, faults: [{ kind: 'deaf', deviceId: 'battery', afterMs: 0, forMs: 1e9 }] });
    const findings = await rig.commissioned(fleetFile(rig.port), 'battery', { powerW: 2_000 });
    expect(findings.role).toMatchObject({ verdict: 'disproved', reason: expect.stringContaining('does not follow') });
    expect(findings.changes).toEqual([]);
  });

  it('limits the sun and lets it come back', async (test) => {
    const rig = await Rig.start(test, sunny);
    const findings = await rig.commissioned(fleetFile(rig.port).replace(/ {6}- \{ id: battery.*\n/, ''), 'pv', { powerW: 1_500 });
    expect(findings).toMatchObject({
      role: { verdict: 'proven' },
      controls: [{ control: 'pv-limit', sign: { verdict: 'proven' } }],
      meter: { verdict: 'proven', direction: 1 },
      reversion: { verdict: 'proven' },
    });
    expect(rig.controls('pv')['123.WMaxLim_Ena']).toBe(0);
  });

  it('says that a battery made up for what the meter was to see', async (test) => {
    const rig = await Rig.start(test, { ...sunny, battery: home.battery });
    const {
      controls: [limit],
      meter,
      changes,
    } = await rig.commissioned(fleetFile(rig.port), 'pv', { powerW: 1_500 });
    expect(limit!.sign.verdict).toBe('proven');
    expect(meter).toMatchObject({ verdict: 'unproven', reason: expect.stringContaining('made up for') });
    expect(changes.map(({ deviceId }) => deviceId)).toEqual(['pv']);
  });

  it('tries both controls of a hybrid', async (test) => {
    const rig = await Rig.start(test, hybrid);
    const findings = await rig.commissioned(hybridFile(rig.port), 'hybrid', { powerW: 1_000 });
    expect(findings.controls.map(({ control, sign }) => [control, sign.verdict])).toEqual([
      ['battery-power', 'proven'],
      ['pv-limit', 'proven'],
    ]);
    expect(findings.reversion.verdict).toBe('proven');
    expect(findings.meter).toMatchObject({ verdict: 'proven', direction: 1 });
  });

  it('limits a hybrid below what it gives by then, where the sun went down while its battery was tried', async (test) => {
    const rig = await Rig.start(test, {
      ...bare,
      hybrid: { id: 'hybrid', unitId: 2, ratedW: 6_000, array, pack: { ...pack, maxChargeW: 500 } },
    });
    const evening = vi.fn<(line: string) => void>((line: string) => {
      if (line.includes('its registers let go')) rig.time.becomeLater(5 * HOUR_MS);
    });
    const { controls } = await rig.commissioned(hybridFile(rig.port), 'hybrid', { powerW: 500 }, evening);
    expect(evening).toHaveBeenCalledWith(expect.stringContaining('its registers let go'));
    expect(controls[1]).toMatchObject({ control: 'pv-limit', sign: { verdict: 'proven' } });
  });

  it('starts an engine once, and sees it stop by itself', async (test) => {
    const rig = await Rig.start(test, works);
    const findings = await rig.commissioned(worksFile(rig.port), 'genset');
    expect(findings).toMatchObject({
      role: { verdict: 'proven' },
      reversion: { verdict: 'proven' },
      meter: { verdict: 'proven', direction: 1 },
    });
    expect(rig.fleet.stateOf('site').generators['genset']!.starts).toBe(1);
  });

  it('has a charger give less, then nothing, and sees the car draw again by itself', async (test) => {
    const rig = await Rig.start(test, garage);
    const findings = await rig.commissioned(garageFile(rig.port), 'charger', { powerW: 3_000, leaseS: 60 });
    expect(findings).toMatchObject({ role: { verdict: 'proven' }, meter: { verdict: 'proven', direction: 1 } });
    expect(findings.reversion).toMatchObject({ verdict: 'proven', reason: expect.stringContaining('which its registers do not show') });
    expect(findings.changes[0]!.fields).toMatchObject({ reversion: 'device' });
    expect(rig.fleet.stateOf('site').chargers['charger']).toMatchObject({ failsafeS: 0, enabled: true });
    const empty = await Rig.start(test, { ...garage, chargers: [{ ...garage.chargers![0]!, car: [] }] });
    expect((await empty.commissioned(garageFile(empty.port), 'charger')).role.reason).toMatch(
      /draws 0 W: at least 4140 W.*let a car charge/,
    );
  });

  it('says what cannot be tried now: a full battery, and a roof at night', async (test) => {
    const rig = await Rig.start(test, { ...home, battery: { ...home.battery!, pack: { ...pack, startSocPct: 97 } } });
    const {
      role,
      controls: [battery],
    } = await rig.commissioned(fleetFile(rig.port), 'battery');
    expect(battery!.leftOut).toEqual(['charging: the battery is at 97 %']);
    expect(battery!.sign.verdict).toBe('proven');
    expect(role).toMatchObject({ verdict: 'unproven', reason: expect.stringContaining('at 97 %') });
    const dark = await Rig.start(test, { ...sunny, pv: { ...sunny.pv!, array: { ...array, peakW: 1 } } });
    const { role: roof, changes } = await dark.commissioned(fleetFile(dark.port), 'pv');
    expect(roof).toMatchObject({ verdict: 'unproven', reason: expect.stringMatching(/it gives \d+ W: at least 250 W are needed/) });
    expect(changes).toEqual([]);
  });

  it('lets go of the device when somebody stops in the middle', async (test) => {
    const rig = await Rig.start(test, home);
    const held = (): boolean => rig.controls('battery')['124.StorCtl_Mod'] === 3;
    const whileHeld = vi.fn<() => false | void>(() => held() && rig.stop.abort());
    rig.time.tick = whileHeld;
    await expect(rig.commissioned(fleetFile(rig.port), 'battery')).rejects.toThrow(/abort/i);
    expect(whileHeld).toHaveReturnedWith(undefined);
    expect(held()).toBe(false);
  });

  it('tells nothing to a device that somebody else commands, or that does not answer', async (test) => {
    const rig = await Rig.start(test, home);
    await expect(rig.commissioned(fleetFile(rig.port).replace('unitId: 3', 'unitId: 9'), 'battery')).rejects.toThrow(/unit 9/);
    rig.controls('battery')['124.StorCtl_Mod'] = 3;
    await expect(rig.commissioned(fleetFile(rig.port), 'battery')).rejects.toThrow(/battery is under a setpoint already/);
    expect(rig.controls('battery')['124.StorCtl_Mod']).toBe(3);
  });
});
