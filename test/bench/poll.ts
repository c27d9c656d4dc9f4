import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { BenchOptions, BenchRow } from './bench-row.js';
import type { PollResult, PollRun } from './poll-client.process.js';
import { type PollServer, type Served, startPollServer } from './poll-servers.js';

interface Measured extends PollResult {
  readonly served: Served;
}

const measure = async (server: PollServer, run: Omit<PollRun, 'port'>): Promise<Measured> => {
  server.silence(run.leftOut > 0 ? 1 : 0);
  const client = fork(new URL('./poll-client.process.js', import.meta.url), { serialization: 'advanced' });
  try {
    await server.served();
    client.send({ ...run, port: server.port } satisfies PollRun);
    const died = once(client, 'exit').then(() => Promise.reject(new Error('the polling process died')));
    const [result] = (await Promise.race([once(client, 'message'), died])) as [PollResult];
    died.catch(() => undefined);
    return { ...result, served: await server.served() };
  } finally {
    client.disconnect();
  }
};

/** CPU time of the polling process for one reading of one device. */
const perReadUs = ({ cpuMs, reads }: PollResult): number => (cpuMs * 1_000) / reads;

/**
 * Our poller, with decoding, quality gate and image, beside bare `modbus-serial` loops that read the same registers of the
 * same server; each in a process of its own. One bare loop is paced as ours is, each device at its own moment; the other asks all
 * of them at once each second, which is less work, but a device's answer is then as old as the queue before it is long. The
 * server's share of the processor is told too: they share its cores.
 */
export const pollBench = async ({ server: name }: BenchOptions): Promise<BenchRow[]> => {
  const server = await startPollServer(name);
  try {
    const small = { devices: 200, forMs: 20_000, leftOut: 0 };
    // What ours asks of a device it knows it asks again and again; once each it asked on its walk.
    const seen = await measure(server, { poller: 'ours', blocks: [], ...small });
    const blocks = seen.served.blocks
      .filter(([, , times]) => times > 2 * small.devices)
      .map(([address, count]) => [address, count] as const);
    const paced = await measure(server, { poller: 'bare-paced', blocks, ...small });
    const burst = await measure(server, { poller: 'bare-burst', blocks, ...small });
    const ours = await measure(server, { poller: 'ours', blocks, ...small });
    const hundred = { devices: 100, forMs: 30_000 };
    const whole = await measure(server, { poller: 'ours', blocks, ...hundred, leftOut: 0 });
    const oneDead = await measure(server, { poller: 'ours', blocks, ...hundred, leftOut: 1 });
    const thousands = { blocks, devices: 5_000, forMs: 30_000, leftOut: 0 };
    const many = await measure(server, { poller: 'ours', ...thousands });
    const manyPaced = await measure(server, { poller: 'bare-paced', ...thousands });
    const manyBurst = await measure(server, { poller: 'bare-burst', ...thousands });
    return [
      { what: 'server', value: server.name, unit: '' },
      { what: 'registers read of each device', value: blocks.reduce((sum, [, count]) => sum + count, 0), unit: '' },
      { what: 'requests to each device', value: blocks.length, unit: '' },
      ...ratioRows('200 devices', ours, paced, burst),
      { what: '100 devices: p99 lateness', value: whole.p99LateMs, unit: 'ms' },
      { what: '100 devices, one dead: p99 lateness of the rest', value: oneDead.p99LateMs, unit: 'ms' },
      ...ratioRows('5,000 devices', many, manyPaced, manyBurst),
      { what: '5,000 devices: readings a second', value: many.reads / 30, unit: '' },
      { what: '5,000 devices: periods missed', value: many.missedShare * 100, unit: '%', bound: 1 },
      { what: '5,000 devices: p99 lateness', value: many.p99LateMs, unit: 'ms', bound: 200 },
      { what: '5,000 devices: processor, ours', value: many.cpuMs / 300, unit: '% of one' },
      { what: '5,000 devices: processor, the server', value: many.served.cpuMs / 450, unit: '% of one' },
      { what: '5,000 devices: resident memory', value: many.residentMb, unit: 'MB', bound: 1_000 },
      { what: '5,000 devices: resident memory, bare loop', value: manyPaced.residentMb, unit: 'MB' },
    ];
  } finally {
    server.stop();
  }
};

const ratioRows = (devices: string, ours: PollResult, paced: PollResult, burst: PollResult): BenchRow[] => [
  { what: `${devices}: processor per device-read, ours`, value: perReadUs(ours), unit: 'µs' },
  { what: `${devices}: processor per device-read, bare loop paced as ours`, value: perReadUs(paced), unit: 'µs' },
  { what: `${devices}: processor per device-read, bare loop in bursts`, value: perReadUs(burst), unit: 'µs' },
  { what: `${devices}: ours to the bare loop paced as ours`, value: perReadUs(ours) / perReadUs(paced), unit: 'times', bound: 1.5 },
  { what: `${devices}: ours to the bare loop in bursts`, value: perReadUs(ours) / perReadUs(burst), unit: 'times' },
];
