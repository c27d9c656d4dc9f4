import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ModbusSerialLinks } from '../../src/field/adapters/modbus-serial-link.js';
import { SupervisorSocket } from '../../src/field/adapters/supervisor-socket.js';
import { changesBy, isDisproved } from '../../src/field/commission-findings.js';
import { CommissionBench, subjectOf, wishesFor } from '../../src/field/commission.js';
import { HardwareTime } from './hardware-time.js';
import { Reverter } from '../../src/field/supervisor/reverter.js';
import { supervisorSocket } from '../../src/field/supervisor/supervised-lease.js';
import { SupervisedTable } from '../../src/field/supervisor/supervised-table.js';
import { Supervisor } from '../../src/field/supervisor/supervisor.js';
import { SupervisorServer } from '../../src/field/supervisor/supervisor-server.js';
import { registerFrames, registersOf } from '../../src/field/testing/register-frames.js';
import { ScriptedServer, type UnitRegisters, type WireRequest } from '../../src/field/testing/scripted-server.js';
import { parseFleet } from '../../src/fleet/fleet-file.js';

const [MODE, POWER, SOC] = [47_511, 47_512, 37_007];
const [AUTOMATIC, CHARGING] = [1, 11];
const BUSY = 6;

const fleet = (port: number): string => `name: A house whose inverter forgets nothing
zone: Europe/Berlin
currency: EUR
sites:
  - id: home
    name: Home
    importLimitW: 15000
    exportLimitW: 10000
    devices:
      - { id: meter, name: Meter, role: grid-meter, profile: carlo-gavazzi-em340, modbus: { host: 127.0.0.1, port: ${port} }, ratedW: 15000 }
      - id: inverter
        name: Inverter
        role: hybrid
        profile: goodwe-et
        modbus: { host: 127.0.0.1, port: ${port}, unitId: 247 }
        ratedW: 10000
        battery: { capacityWh: 10000, maxChargeW: 5000, maxDischargeW: 5000 }
`;

describe('the commissioning of a device that nothing but a word ends', { timeout: 60_000 }, () => {
  let folder: string;
  let hardware: ScriptedServer;
  let inverter: UnitRegisters;
  let bench: CommissionBench;
  let said: string[];
  const subject = () => subjectOf('fleet.yaml', parseFleet('fleet.yaml', fleet(hardware.port), z.unknown().optional()).plant, 'inverter');
  const prepare = () => bench.prepare(wishesFor(subject(), { leaseS: 12 }));
  const run = (prepared: Awaited<ReturnType<typeof prepare>>) =>
    bench.run(prepared, new AbortController().signal, (line) => void said.push(line));
  const endsIt = ({ functionCode, address, words }: WireRequest): boolean =>
    functionCode === 16 && address === MODE && words[0] === AUTOMATIC;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    said = [];
    const frames = registerFrames();
    inverter = registersOf(frames.get('goodwe-et-charging')!);
    inverter.holding.set(MODE, AUTOMATIC).set(POWER, 0).set(SOC, 50);
    hardware = await ScriptedServer.listening({ 1: registersOf(frames.get('carlo-gavazzi-em340-import')!), 247: inverter });
    bench = new CommissionBench(new ModbusSerialLinks(), subject(), new HardwareTime(), new SupervisorSocket(folder));
  });
  afterEach(async () => {
    await bench.close();
    await hardware.close();
    rmSync(folder, { recursive: true });
  });

  it('waits for a device that takes its time to let go, and tells what it found', async () => {
    let refused = 0;
    hardware.script = (request) => (endsIt(request) && (refused += 1) <= 9 ? { kind: 'exception', code: BUSY } : undefined);
    const findings = await run(await prepare());
    expect(findings).toMatchObject({ handedBack: true, controls: [{ control: 'battery-power' }] });
    expect(inverter.holding.get(MODE)).toBe(AUTOMATIC);
    expect(said.filter((line) => line.includes('not released yet'))).toHaveLength(1);
  });

  it('tells what it found of a device that never lets go, and writes nothing of it', async () => {
    hardware.script = (request) => (endsIt(request) ? { kind: 'exception', code: BUSY } : undefined);
    const prepared = await prepare();
    const findings = await run(prepared);
    expect(findings).toMatchObject({ handedBack: false, controls: [{ control: 'battery-power' }] });
    expect([isDisproved(findings), changesBy(findings, subject().device, subject().meter, 'now')]).toEqual([true, []]);
    expect(said.at(-1)).toContain('NOT seen to let go');
  });

  it('is known to a supervisor before the device is told, where there is one', async () => {
    const reverter = new Reverter(new ModbusSerialLinks());
    const supervisor = new Supervisor(new SupervisedTable(folder), (lease) => reverter.end(lease), pino({ level: 'silent' }));
    const server = new SupervisorServer(supervisor);
    await server.listen(supervisorSocket(folder));
    const known: string[] = [];
    inverter.onWrite = (address, [mode]) => {
      if (address === MODE && mode !== AUTOMATIC)
        known.push(
          supervisor
            .leases()
            .map(({ deviceId, control }) => `${deviceId} ${control}`)
            .join(),
        );
    };
    const prepared = await prepare();
    await run(prepared);
    expect(prepared.supervised).toBe(true);
    expect(known.length).toBeGreaterThan(1);
    expect(new Set(known)).toEqual(new Set(['inverter battery-power']));
    expect(supervisor.leases()).toEqual([]);
    await supervisor.stop();
    await server.close();
  });

  it('says that nothing would end it without one', async () => {
    expect((await prepare()).supervised).toBe(false);
  });

  it('looks again before it tells anything: somebody may have thought about it for long', async () => {
    const prepared = await prepare();
    inverter.holding.set(SOC, 100);
    await expect(run(prepared)).rejects.toThrow('not any more as it was agreed to: battery-power: charging: the battery is at 100 %');
    inverter.holding.set(MODE, CHARGING);
    await expect(run(prepared)).rejects.toThrow('inverter is under a setpoint already');
    expect(hardware.requests.filter(({ functionCode }) => functionCode === 16)).toEqual([]);
  });
});
