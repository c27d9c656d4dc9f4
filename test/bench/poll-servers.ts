import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BadInput } from '../../src/kernel/errors.js';
import { benchRegisters } from './bench-inverter.js';
import type { ServerReply, ServerRequest } from './poll-server.process.js';

/** What a server has done since it was last asked. */
export interface Served {
  readonly blocks: readonly (readonly [address: number, count: number, times: number])[];
  readonly requests: number;
  readonly cpuMs: number;
}

/** The devices of the benchmark, in a process of their own. */
export interface PollServer {
  readonly name: string;
  readonly port: number;
  /** Units up to this one answer nothing from now on. */
  silence(units: number): void;
  served(): Promise<Served>;
  stop(): void;
}

/** The simulator's own server. */
const ownServer = async (): Promise<PollServer> => {
  const server = fork(new URL('./poll-server.process.js', import.meta.url), { serialization: 'advanced' });
  const ask = async <Kind extends ServerReply['kind']>(request: ServerRequest): Promise<Extract<ServerReply, { kind: Kind }>> => {
    server.send(request);
    const [reply] = (await once(server, 'message')) as [Extract<ServerReply, { kind: Kind }>];
    return reply;
  };
  const { port } = await ask<'listening'>({ kind: 'listen' });
  return {
    name: 'the simulator’s',
    port,
    silence: (units) => server.send({ kind: 'silence', hosts: units } satisfies ServerRequest),
    served: () => ask<'served'>({ kind: 'served' }),
    stop: () => server.disconnect(),
  };
};

const SOURCE = 'test/bench/poll-server.c';
const NO_LIBMODBUS = '--server libmodbus: needs a C compiler and libmodbus: apt-get install gcc libc6-dev libmodbus-dev';

/** libmodbus in C, compiled for this run. Throws `BadInput` where there is no compiler or no libmodbus. */
const libmodbusServer = async (): Promise<PollServer> => {
  if (!existsSync(SOURCE)) throw new BadInput(`--server libmodbus: run it in the repository: there is no ${SOURCE} here`);
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-bench-'));
  const program = join(folder, 'poll-server');
  try {
    execFileSync('cc', ['-O2', '-I/usr/include/modbus', '-o', program, SOURCE, '-lmodbus'], { stdio: 'pipe' });
  } catch {
    rmSync(folder, { recursive: true });
    throw new BadInput(NO_LIBMODBUS);
  }
  const server = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: server.stdout });
  const say = (line: string): boolean => server.stdin.write(`${line}\n`);
  const answerTo = async (line: string): Promise<string[]> => {
    say(line);
    const [answer] = (await once(lines, 'line')) as [string];
    return answer.split(' ');
  };
  const { start, words } = benchRegisters();
  const [, port, version] = await answerTo([start, ...words].join(' '));
  rmSync(folder, { recursive: true });
  return {
    name: `libmodbus ${version}`,
    port: Number(port),
    silence: (units) => say(`silence ${units}`),
    served: async () => {
      const [, requests, cpuMs, ...blocks] = await answerTo('served');
      const spans = blocks.map((block) => block.split(':').map(Number) as [number, number, number]);
      return { requests: Number(requests), cpuMs: Number(cpuMs), blocks: spans };
    },
    stop: () => server.stdin.end(),
  };
};

const SERVERS: Readonly<Record<string, () => Promise<PollServer>>> = { own: ownServer, libmodbus: libmodbusServer };

/** Starts the server of that name. Throws `BadInput` where there is none, or where it cannot be had here. */
export const startPollServer = (name: string): Promise<PollServer> => {
  const start = SERVERS[name];
  if (!start) throw new BadInput(`--server ${name}: there are ${Object.keys(SERVERS).join(' and ')}`);
  return start();
};
