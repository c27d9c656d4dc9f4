import { MbapServer } from '../../src/simulator/mbap-server.js';
import { SunspecImage } from '../../src/simulator/sunspec-image.js';
import { SUNSPEC_MODELS } from '../../src/registers/sunspec/models.js';

/** What the server is asked, and answers: which requests it has served since it was last asked. */
export type ServerRequest =
  { readonly kind: 'listen' } | { readonly kind: 'served' } | { readonly kind: 'silence'; readonly hosts: number };
export type ServerReply =
  | { readonly kind: 'listening'; readonly port: number }
  | {
      readonly kind: 'served';
      readonly blocks: readonly (readonly [address: number, count: number])[];
      readonly requests: number;
      readonly cpuMs: number;
    };

const model = (id: number) => SUNSPEC_MODELS.get(id)!;
/** A PV inverter as most are: 1, 103, 121, 122, 123. Every unit on every address shows the same. */
const inverter = new SunspecImage([
  { model: model(1), fixed: { Mn: 'Heliograph', Md: 'Bench inverter', SN: '1' } },
  { model: model(103), fixed: { W: 3_210, W_SF: 0, WH: 12_345_678, WH_SF: 0, St: 4, Hz: 50, Hz_SF: -2, A_SF: -2, V_SF: -1 } },
  { model: model(121), fixed: { WMax: 5_000, WMax_SF: 0 } },
  { model: model(122), fixed: { WAval: 3_300, WAval_SF: 0 } },
  { model: model(123), fixed: { WMaxLimPct: 100, WMaxLimPct_SF: 0, WMaxLim_Ena: 0 } },
]);

/** Units up to this one answer nothing. */
let silentUnits = 0;
let requests = 0;
let blocks = new Map<string, readonly [number, number]>();
let cpu = process.cpuUsage();

const server = new MbapServer({
  read: (unitId, _table, address, count) => {
    requests += 1;
    if (unitId <= silentUnits) return 'silent';
    blocks.set(`${address} ${count}`, [address, count]);
    return inverter.read(address, count) ?? 2;
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
  const served: ServerReply = { kind: 'served', blocks: [...blocks.values()], requests, cpuMs: (spent.user + spent.system) / 1_000 };
  [requests, blocks, cpu] = [0, new Map(), process.cpuUsage()];
  return served;
};

process.on('message', (request: ServerRequest) => {
  void answer(request).then((reply) => reply && process.send?.(reply));
});
process.on('disconnect', () => process.exit());
