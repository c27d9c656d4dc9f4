import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { messageOf } from '../../kernel/errors.js';
import { onLines } from './socket-lines.js';
import { type Answer, type Asked, askedSchema } from './supervised-lease.js';
import type { Supervisor } from './supervisor.js';

/**
 * The supervisor's door: a socket that only this user may open, with a line of JSON for each thing asked (`askedSchema`). Each is
 * answered when it is done, so that one device that is being reverted holds up nobody else's. The caller holds the data folder's
 * supervisor lock, so that a socket that is there is a dead one's.
 */
export class SupervisorServer {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(private readonly supervisor: Supervisor) {
    this.server = createServer((socket) => this.serve(socket));
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
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    // A plant that died in the middle of a line: what it said before stands.
    socket.on('error', () => socket.destroy());
    onLines(socket, (line) => {
      void this.answer(line).then((answer) => socket.writable && socket.write(`${JSON.stringify(answer)}\n`));
    });
  }

  private async answer(line: string): Promise<Answer> {
    const asked = askedIn(line);
    if ('error' in asked) return asked;
    try {
      await ('watch' in asked ? this.supervisor.watch(asked.watch, asked.leaseMs) : this.supervisor.forget(asked.forget));
      return { id: asked.id };
    } catch (error) {
      return { id: asked.id, error: messageOf(error) };
    }
  }
}

/** No question has it. */
const NO_ID = 0;
const numberedSchema = z.object({ id: z.number().int() }).catch({ id: NO_ID });

const askedIn = (line: string): Asked | Required<Answer> => {
  try {
    const read: unknown = JSON.parse(line);
    const asked = askedSchema.safeParse(read);
    return asked.success ? asked.data : { id: numberedSchema.parse(read).id, error: `no lease: ${z.prettifyError(asked.error)}` };
  } catch (error) {
    return { id: NO_ID, error: messageOf(error) };
  }
};
