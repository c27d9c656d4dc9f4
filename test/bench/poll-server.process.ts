import { MbapServer } from '../../src/simulator/mbap-server.js';
import { benchInverter } from './bench-inverter.js';

/** What the server is asked, and answers: which requests it has served since it was last asked. */
export type ServerRequest =
  { readonly kind: 'listen' } | { readonly kind: 'served' } | { readonly kind: 'silence'; readonly hosts: number };
export type ServerReply =
  | { readonly kind: 'listening'; readonly port: number }
  | {
      readonly kind: 'served';
      readonly blocks: readonly (readonly [address: number, count: number, times: number])[];
      readonly requests: number;
      readonly cpuMs: number;
    };

/** Units up to this one answer nothing. */
let silentUnits = 0;
let requests = 0;
let blocks = new Map<number, number>();
let cpu = process.cpuUsage();

const server = new MbapServer({
  read: (unitId, _table, address, count) => {
    requests += 1;
    if (unitId <= silentUnits) return 'silent';
    const block = address * 128 + count;
    blocks.set(block, (blocks.get(block) ?? 0) + 1);
    return benchInverter.read(address, count) ?? 2;
  },
  write: () => 'no-such-address',
});

const answer = async (request: ServerRequest): Promise<ServerReply | undefined> => {
  if (request.kind === 'listen') return { kind: 'listening', port: await server.listen('0.0.0.0', 0) };
  if (request.kind === 'silence') {
    silentUnits = request.hosts;
    return undefined;
  }
  const spent = process.cpuUsage(cpu);
  const spans = [...blocks].map(([block, times]) => [Math.floor(block / 128), block % 128, times] as const);
  const served: ServerReply = { kind: 'served', blocks: spans, requests, cpuMs: (spent.user + spent.system) / 1_000 };
  [requests, blocks, cpu] = [0, new Map(), process.cpuUsage()];
  return served;
};

process.on('message', (request: ServerRequest) => {
  void answer(request).then((reply) => reply && process.send?.(reply));
});
process.on('disconnect', () => process.exit());
