import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../platform/clock.js';
import { EmbeddedChain } from './embedded-chain.js';
import { embeddedMethods, type Methods, RpcFault } from './embedded-rpc.js';
import { SolanaLedger } from './solana-ledger.js';

const MAX_REQUEST_BYTES = 262_144;
const KEEP_ALIVE_MS = 120_000;

/**
 * What a test can make the node do to the next request of a method: refuse it for now, carry it out and lose the answer, never
 * hear of it, find its block hash expired, carry it out twice, answer after `SLOW_MS`, or answer as it stood `BEHIND_SLOTS` ago.
 */
export type Fault = 'busy' | 'lose-answer' | 'drop' | 'expired' | 'duplicate' | 'slow' | 'behind';
export const SLOW_MS = 300;
export const BEHIND_SLOTS = 600;

export interface EmbeddedNodeOptions {
  readonly dir: string;
  readonly clock: Clock;
  /** 0, the default, takes a free port. */
  readonly port?: number;
}

/** A Solana node on loopback: LiteSVM behind the JSON-RPC methods that `Connection` asks for. */
export class EmbeddedNode {
  private readonly methods: Methods;
  private readonly faults: { readonly method: string; readonly fault: Fault }[] = [];

  private constructor(
    readonly chain: EmbeddedChain,
    private readonly server: Server,
  ) {
    this.methods = embeddedMethods(chain);
  }

  static async start({ dir, clock, port = 0 }: EmbeddedNodeOptions): Promise<EmbeddedNode> {
    // Longer than the pauses between requests, so that no request meets a connection that is just being closed.
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
    const node = new EmbeddedNode(EmbeddedChain.open(dir, clock), server);
    server.on('request', (request, response) => void node.serve(request, response));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next request of `method` meets this fault; several are met in their order. */
  failNext(method: string, fault: Fault): void {
    this.faults.push({ method, fault });
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    if (this.server.listening) await once(this.server, 'close');
    this.chain.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await bodyOf(request);
      const asked = JSON.parse(body) as unknown;
      const all = (Array.isArray(asked) ? asked : [asked]) as { id?: unknown; method?: unknown; params?: unknown }[];
      const fault = this.faultFor(all.map(({ method }) => String(method)));
      if (fault === 'drop') return void request.socket.destroy();
      if (fault === 'busy') return void response.writeHead(429, { 'retry-after': '1' }).end('Too many requests');
      if (fault === 'slow') await pause(SLOW_MS);
      if (fault === 'duplicate') for (const { method, params } of all) this.answer(String(method), params);
      const answers = all.map(({ id, method, params }) => ({
        jsonrpc: '2.0',
        id: id ?? null,
        ...this.faulty(fault, String(method), params),
      }));
      if (fault === 'lose-answer') return void request.socket.destroy();
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(Array.isArray(asked) ? answers : answers[0]));
    } catch {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}');
    }
  }

  private faulty(fault: Fault | undefined, method: string, params: unknown): object {
    if (fault === 'expired') return { error: { code: -32002, message: 'Transaction simulation failed: Blockhash not found' } };
    return fault === 'behind' ? this.chain.asOf(BEHIND_SLOTS, () => this.answer(method, params)) : this.answer(method, params);
  }

  private answer(method: string, params: unknown): object {
    const known = Object.hasOwn(this.methods, method) ? this.methods[method] : undefined;
    if (!known) return { error: { code: -32601, message: `Method not found: ${method} (the embedded ledger has what anchors need)` } };
    try {
      return { result: known(Array.isArray(params) ? params : []) };
    } catch (error) {
      if (error instanceof RpcFault) return { error: { code: error.code, message: error.message, data: error.data } };
      return { error: { code: -32603, message: `Internal error: ${String(error)}` } };
    }
  }

  private faultFor(methods: readonly string[]): Fault | undefined {
    const at = this.faults.findIndex(({ method }) => methods.includes(method));
    return at < 0 ? undefined : this.faults.splice(at, 1)[0]?.fault;
  }
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_REQUEST_BYTES) throw new RangeError('request too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** The plant's own chain, spoken to over the same wire and by the same code as a cluster. */
export class EmbeddedLedger extends SolanaLedger {
  private constructor(readonly node: EmbeddedNode) {
    super({ url: node.url, name: 'embedded' });
  }

  /** Starts the node; an account that runs low on it is filled up, since its coins are worth nothing. */
  static async start(options: EmbeddedNodeOptions, account: Uint8Array): Promise<EmbeddedLedger> {
    const node = await EmbeddedNode.start(options);
    if (node.chain.balance(account) < LOW_LAMPORTS) node.chain.airdrop(account, FILL_LAMPORTS);
    return new EmbeddedLedger(node);
  }

  override async close(): Promise<void> {
    await this.node.close();
  }
}

const LOW_LAMPORTS = 1_000_000_000;
const FILL_LAMPORTS = 10_000_000_000;
