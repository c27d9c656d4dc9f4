import { expect, it } from 'vitest';
import { ModbusSerialLinks } from '../../src/field/adapters/modbus-serial-link.js';
import { AdapterError } from '../../src/kernel/errors.js';
import { HostUnreachable, type ModbusLink } from '../../src/field/modbus-link.port.js';
import { RtuGateway } from '../../src/field/testing/rtu-gateway.js';
import { unitRegisters } from '../../src/field/testing/scripted-server.js';
import type { ModbusBus } from '../../src/fleet/plant.js';

/** Two units on one line, and a link to it. */
export interface RtuRig {
  readonly gateway: RtuGateway;
  readonly bus: ModbusBus;
  /** Takes away what leads to the line. */
  readonly cut: () => Promise<void>;
}

export const twoUnits = (): Promise<RtuGateway> =>
  RtuGateway.listening({ 1: unitRegisters({ 100: [11, 12, 13] }), 2: unitRegisters({ 100: [21, 22, 23] }) });

/** What holds of Modbus RTU, whichever way leads to the line. */
export const rtuLinkContract = (rigged: () => Promise<RtuRig>): void => {
  const withLink = async (act: (link: ModbusLink, rig: RtuRig) => Promise<void>): Promise<void> => {
    const rig = await rigged();
    const link = new ModbusSerialLinks().link(rig.bus);
    try {
      await act(link, rig);
    } finally {
      await link.close();
      await rig.cut();
      await rig.gateway.close();
    }
  };
  const read = (link: ModbusLink, unitId: number, address = 100, timeoutMs = 500) => link.read('holding', unitId, address, 2, timeoutMs);

  it('reads several units on one line, and knows what they deny', () =>
    withLink(async (link) => {
      expect([await read(link, 1), await read(link, 2), await read(link, 1, 101)]).toEqual([
        [11, 12],
        [21, 22],
        [12, 13],
      ]);
      await expect(read(link, 1, 500)).rejects.toMatchObject({ code: 2, denies: true });
    }));

  it('is silent about a unit that is not there, and goes on with the others', () =>
    withLink(async (link) => {
      await expect(read(link, 9, 100, 150)).rejects.toThrow('no answer within 150 ms');
      expect(await read(link, 2)).toEqual([21, 22]);
    }));

  it('never takes a late answer for that of a later request', () =>
    withLink(async (link, { gateway }) => {
      gateway.lateMs = 220;
      await expect(read(link, 1, 100, 150)).rejects.toThrow(AdapterError);
      expect(await read(link, 1, 101)).toEqual([12, 13]);
      expect(await read(link, 1)).toEqual([11, 12]);
    }));

  it('says that the line is gone', () =>
    withLink(async (link, { cut }) => {
      expect(await read(link, 1)).toEqual([11, 12]);
      await cut();
      await expect(read(link, 1, 100, 150)).rejects.toThrow(AdapterError);
      await expect(read(link, 1, 100, 150)).rejects.toThrow(HostUnreachable);
    }));
};
