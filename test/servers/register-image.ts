import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { parse } from 'yaml';
import { expect } from 'vitest';
import { freePort } from './free-port.js';

/** The registers of a real device, with what they mean by the word of who took them. */
export interface RegisterImage {
  readonly unitId: number;
  /** Address of the first of them. */
  readonly at: number;
  /** Hexadecimal; `----` is not known. */
  readonly registers: string;
  /** The chain of models. */
  readonly models: readonly number[];
  /** By model and point; null is not implemented. */
  readonly expect: Readonly<Record<string, number | string | null>>;
}

export const registerImage = (name: string): RegisterImage =>
  parse(readFileSync(new URL(`images/${name}.yaml`, import.meta.url), 'utf8')) as RegisterImage;

const wordsByAddress = ({ at, registers }: RegisterImage): Record<number, number> =>
  Object.fromEntries(
    registers
      .trim()
      .split(/\s+/)
      .flatMap((word, index) => (word === '----' ? [] : [[at + index, parseInt(word, 16)]])),
  );

/** pymodbus, which shares no code with this project, serves registers and refuses all others. */
const SERVE = `
import json, logging, sys
from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server import StartTcpServer
logging.disable(logging.CRITICAL)
port, unit = int(sys.argv[1]), int(sys.argv[2])
words = {int(address): word for address, word in json.load(sys.stdin).items()}
holding = ModbusSlaveContext(hr=ModbusSparseDataBlock(words), zero_mode=True)
StartTcpServer(context=ModbusServerContext(slaves={unit: holding}, single=False), address=("127.0.0.1", port))
`;

const isUp = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** Serves an image on a port of loopback until it is stopped. */
export const serveImage = async (image: RegisterImage): Promise<{ port: number; stop(): Promise<void> }> => {
  const port = await freePort();
  const server: ChildProcess = spawn('/usr/bin/python3', ['-c', SERVE, String(port), String(image.unitId)], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  server.stdin!.end(JSON.stringify(wordsByAddress(image)));
  const ended = once(server, 'exit');
  await expect.poll(() => server.exitCode !== null || isUp(port), { timeout: 20_000 }).toBe(true);
  if (server.exitCode !== null) throw new Error('pymodbus is missing: apt-get install python3-pymodbus python3-serial-asyncio');
  return {
    port,
    stop: async () => {
      server.kill();
      await ended;
    },
  };
};
