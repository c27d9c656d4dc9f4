import { describe } from 'vitest';
import { rtuLinkContract, twoUnits } from './rtu-link.js';

describe('Modbus RTU over TCP', () => {
  rtuLinkContract(async () => {
    const gateway = await twoUnits();
    return { gateway, bus: { host: '127.0.0.1', port: gateway.port, framing: 'rtu' }, cut: () => gateway.close() };
  });
});
