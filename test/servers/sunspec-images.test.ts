import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { ModbusSerialLink } from '../../src/field/adapters/modbus-serial-link.js';
import { Bus, type BusUnit } from '../../src/field/bus.js';
import { type DeviceReport, readSunspecDevice } from '../../src/field/commissioning.js';
import { SunspecDriver } from '../../src/field/drivers/sunspec-driver.js';
import { walkSunspec } from '../../src/field/sunspec-walk.js';
import { type RegisterImage, registerImage, serveImage } from './register-image.js';

/**
 * Our reader against a server and a map that are both not ours: the registers of real inverters, as others have published them,
 * behind pymodbus. What they must read as is the word of those who took them.
 */
let server: Awaited<ReturnType<typeof serveImage>> | undefined;
let bus: Bus | undefined;
afterEach(async () => {
  await bus?.close();
  await server?.stop();
});

const unitOf = async (image: RegisterImage): Promise<BusUnit> => {
  server = await serveImage(image);
  bus = new Bus(new ModbusSerialLink({ host: '127.0.0.1', port: server.port }));
  return bus.unit(image.unitId);
};

const reportOf = async (unit: BusUnit): Promise<DeviceReport> =>
  readSunspecDevice(unit, (await walkSunspec((at, count) => unit.read('holding', at, count)))!);

describe.each(['sma-sb3.6-1av-41', 'solaredge-se5000h'])('the registers of %s', (name) => {
  it('read as those who took them say', async () => {
    const image = registerImage(name);
    const { models, points } = await reportOf(await unitOf(image));
    expect(models.map(({ id }) => id)).toEqual(image.models);
    const read = Object.fromEntries(Object.keys(image.expect).map((point) => [point, points[point]?.value ?? null]));
    expect(read).toEqual(image.expect);
  });
});

it('`vpp device read` says which quirk it applied, and where that is written down', async () => {
  server = await serveImage(registerImage('solaredge-se5000h'));
  const read = ['dist/src/cli/main.js', 'device', 'read', `127.0.0.1:${server.port}`, '--unit', '1'];
  const { stdout } = await promisify(execFile)(process.execPath, read, { timeout: 30_000 });
  expect(stdout).toMatch(/^quirk: power into the grid is positive \(.*evcc/m);
  expect(stdout).toMatch(/^203\.W +58 W$/m);
});

describe('polled by its role', () => {
  it('a Sunny Boy: its sun, and no limit that is not in force', async () => {
    const unit = await unitOf(registerImage('sma-sb3.6-1av-41'));
    const driver = new SunspecDriver(unit, unit, { role: 'pv', direction: 1 });
    expect(await driver.read()).toEqual({ 'pv.powerW': 970, 'pv.toBusCounterWh': 29_708_760 });
    expect((await reportOf(unit)).quirks).toMatchObject([{ name: 'model 123 does not tell what is in force' }]);
  });

  it('a SolarEdge inverter’s meter: what the home takes is import', async () => {
    const unit = await unitOf(registerImage('solaredge-se5000h'));
    expect(await new SunspecDriver(unit, unit, { role: 'grid-meter', direction: 1 }).read()).toEqual({
      'grid.powerW': 58,
      'grid.toBusCounterWh': 18_090_016,
      'grid.fromBusCounterWh': 21_267_458,
      'grid.voltageV': 235.49,
      'grid.frequencyHz': 49.97,
      'grid.currentAA': 4.8,
      'grid.currentBA': 0.8,
      'grid.currentCA': 4.6,
      'grid.voltageAV': 235.49,
      'grid.voltageBV': 236.31,
      'grid.voltageCV': 231.45,
    });
    const pv = await new SunspecDriver(unit, unit, { role: 'pv', direction: 1 }).read();
    expect(pv).toEqual({ 'pv.powerW': 1_395, 'pv.toBusCounterWh': 14_676_442 });
  });
});
