import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { BenchRow } from './bench-row.js';
import type { PollResult, PollRun } from './poll-client.process.js';
import type { ServerReply, ServerRequest } from './poll-server.process.js';

const child = (file: string): ChildProcess => fork(new URL(file, import.meta.url), { serialization: 'advanced' });

const ask = async <Reply>(process: ChildProcess, request: object): Promise<Reply> => {
  process.send(request);
  const [reply] = (await once(process, 'message')) as [Reply];
  return reply;
};

interface Measured extends PollResult {
  readonly served: Extract<ServerReply, { kind: 'served' }>;
}

/**
 * Our poller, with decoding, quality gate and image, beside a bare `modbus-serial` loop that reads the same registers of the
 * same server; each in a process of its own. The server's share of the processor is told too: they share its cores.
 */
export const pollBench = async (): Promise<BenchRow[]> => {
  const server = child('./poll-server.process.js');
  try {
    const { port } = await ask<Extract<ServerReply, { kind: 'listening' }>>(server, { kind: 'listen' } satisfies ServerRequest);
    const measure = async (run: Omit<PollRun, 'port'>): Promise<Measured> => {
      server.send({ kind: 'silence', hosts: run.leftOut > 0 ? 1 : 0 } satisfies ServerRequest);
      const client = child('./poll-client.process.js');
      try {
        await ask(server, { kind: 'served' } satisfies ServerRequest);
        const result = await ask<PollResult>(client, { ...run, port } satisfies PollRun);
        return { ...result, served: await ask(server, { kind: 'served' } satisfies ServerRequest) };
      } finally {
        client.disconnect();
      }
    };
    const small = { devices: 200, forMs: 20_000, leftOut: 0 };
    // What ours asks again and again of a device it knows is the longest block; the others are its walk.
    const seen = await measure({ poller: 'ours', blocks: [], ...small });
    const longest = seen.served.blocks.toSorted((a, b) => b[1] - a[1])[0]!;
    const blocks = [longest];
    const bare = await measure({ poller: 'bare', blocks, ...small });
    const again = await measure({ poller: 'ours', blocks, ...small });
    const oursMs = Math.min(seen.cpuMs / seen.reads, again.cpuMs / again.reads);
    const bareMs = bare.cpuMs / bare.reads;
    const hundred = { devices: 100, forMs: 30_000 };
    const whole = await measure({ poller: 'ours', blocks, ...hundred, leftOut: 0 });
    const oneDead = await measure({ poller: 'ours', blocks, ...hundred, leftOut: 1 });
    const thousands = { blocks, devices: 5_000, forMs: 30_000, leftOut: 0 };
    const many = await measure({ poller: 'ours', ...thousands });
    const manyBare = await measure({ poller: 'bare', ...thousands });
    return [
      { what: 'registers read of each device', value: longest[1], unit: '' },
      { what: 'processor per device-read, bare loop', value: bareMs * 1_000, unit: 'µs' },
      { what: 'processor per device-read, ours', value: oursMs * 1_000, unit: 'µs' },
      { what: 'ours to bare', value: oursMs / bareMs, unit: 'times', bound: 1.5 },
      { what: '100 devices: p99 lateness', value: whole.p99LateMs, unit: 'ms' },
      { what: '100 devices, one dead: p99 lateness of the rest', value: oneDead.p99LateMs, unit: 'ms' },
      { what: '5,000 devices: readings a second', value: many.reads / 30, unit: '' },
      { what: '5,000 devices: periods missed', value: many.missedShare * 100, unit: '%', bound: 1 },
      { what: '5,000 devices: p99 lateness', value: many.p99LateMs, unit: 'ms', bound: 200 },
      { what: '5,000 devices: processor, ours', value: many.cpuMs / 300, unit: '% of one' },
      { what: '5,000 devices: processor, bare loop', value: manyBare.cpuMs / 300, unit: '% of one' },
      { what: '5,000 devices: resident memory, bare loop', value: manyBare.residentMb, unit: 'MB' },
      { what: '5,000 devices: processor, the server', value: many.served.cpuMs / 450, unit: '% of one' },
      { what: '5,000 devices: resident memory', value: many.residentMb, unit: 'MB', bound: 1_000 },
    ];
  } finally {
    server.disconnect();
  }
};
