import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { rtuLinkContract, twoUnits } from '../contract/rtu-link.js';

/** A pseudo-terminal is the line; `socat` carries its bytes to the units. */
describe('Modbus RTU on a serial line', () => {
  rtuLinkContract(async () => {
    const gateway = await twoUnits();
    const folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    const serial = join(folder, 'line');
    const socat = spawn('socat', [`PTY,link=${serial},raw,echo=0`, `TCP:127.0.0.1:${gateway.port},nodelay`], { stdio: 'inherit' });
    await expect.poll(() => existsSync(serial)).toBe(true);
    const cut = async (): Promise<void> => {
      if (socat.exitCode === null && socat.signalCode === null) {
        socat.kill();
        await once(socat, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    };
    return { gateway, bus: { serial, baudRate: 9_600, parity: 'none', stopBits: 1 }, cut };
  });
});
