import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { z } from 'zod';
import { messageOf } from '../../kernel/errors.js';
import { forgetSchema, watchSchema } from './supervised-lease.js';
import type { Supervisor } from './supervisor.js';

const LONGEST_REQUEST_BYTES = 10_000;

/**
 * The supervisor's door: HTTP on a socket that only this user may open. `GET /` tells the leases, `POST /watch` and
 * `POST /forget` take one. The caller holds the data folder's supervisor lock, so that a socket that is there is a dead one's.
 */
export class SupervisorServer {
  private readonly server: Server;

  constructor(supervisor: Supervisor) {
    const answers: Readonly<Record<string, (body: string) => Promise<unknown>>> = {
      'GET /': async () => ({ leases: supervisor.leases() }),
      'POST /watch': async (body) => {
        const { lease, leaseMs } = parsed(watchSchema, body);
        await supervisor.watch(lease, leaseMs);
      },
      'POST /forget': async (body) => supervisor.forget(parsed(forgetSchema, body)),
    };
    this.server = createServer((request, response) => {
      const answer = answers[`${request.method} ${request.url}`];
      const end = (status: number, told?: unknown): void =>
        void response.writeHead(status).end(told === undefined ? '' : JSON.stringify(told));
      if (!answer) return end(404);
      bodyOf(request)
        .then(answer)
        .then(
          (told) => end(told === undefined ? 204 : 200, told),
          (error: unknown) => end(error instanceof BadRequest ? 400 : 500, { error: messageOf(error) }),
        );
    });
  }

  async listen(socket: string): Promise<void> {
    const named = process.platform === 'win32';
    if (!named) rmSync(socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(socket, resolve);
    });
    if (!named) chmodSync(socket, 0o600);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

class BadRequest extends Error {}

const parsed = <T>(schema: z.ZodType<T>, body: string): T => {
  try {
    return schema.parse(JSON.parse(body));
  } catch (error) {
    throw new BadRequest(messageOf(error));
  }
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LONGEST_REQUEST_BYTES) throw new BadRequest('too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};
