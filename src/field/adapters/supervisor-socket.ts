import { createConnection, type Socket } from 'node:net';
import { AdapterError, messageOf } from '../../kernel/errors.js';
import { type DurationMs, SECOND_MS } from '../../kernel/units.js';
import { Supervision } from '../supervision.port.js';
import { onLines } from '../supervisor/socket-lines.js';
import {
  answerSchema,
  type Asked,
  keyOf,
  type SupervisedControl,
  type SupervisedLease,
  supervisorSocket,
} from '../supervisor/supervised-lease.js';

/** A supervisor on the same computer has nothing to do but to write a small file. */
const TIMEOUT_MS: DurationMs = 2 * SECOND_MS;
const FORGET_AGAIN_MS: DurationMs = 2 * SECOND_MS;

type Question = Asked extends infer Each ? (Each extends Asked ? Omit<Each, 'id'> : never) : never;

/**
 * `vpp supervise` over one connection to its socket, on which everything is asked at once and answered in its own time: a fleet's
 * leases begin together. It is made when it is first needed and again after it broke, and keeps no process alive.
 */
export class SupervisorSocket extends Supervision {
  private connection: Connection | undefined;
  /** What the supervisor has not heard of yet: it would end what is over, and may be somebody else's by then. */
  private readonly unheard = new Map<string, SupervisedControl>();
  private tellingAgain: NodeJS.Timeout | undefined;

  constructor(private readonly dataDir: string) {
    super();
  }

  watch(lease: SupervisedLease, leaseMs: DurationMs): Promise<void> {
    this.unheard.delete(keyOf(lease));
    return this.ask({ watch: lease, leaseMs });
  }

  async forget({ deviceId, control }: SupervisedControl): Promise<void> {
    const key = keyOf({ deviceId, control });
    const forgotten = { deviceId, control };
    this.unheard.set(key, forgotten);
    try {
      await this.ask({ forget: forgotten });
      if (this.unheard.get(key) === forgotten) this.unheard.delete(key);
    } catch (error) {
      this.tellingAgain ??= setTimeout(() => this.tellAgain(), FORGET_AGAIN_MS).unref();
      throw error;
    }
  }

  private tellAgain(): void {
    this.tellingAgain = undefined;
    for (const control of this.unheard.values()) this.forget(control).catch(() => undefined);
  }

  private async ask(question: Question): Promise<void> {
    this.connection ??= new Connection(supervisorSocket(this.dataDir), (closed) => {
      if (this.connection === closed) this.connection = undefined;
    });
    return this.connection.ask(question);
  }
}

interface Waiting {
  resolve(): void;
  reject(error: AdapterError): void;
  readonly timer: NodeJS.Timeout;
}

class Connection {
  private readonly waiting = new Map<number, Waiting>();
  private readonly socket: Socket;
  private lastId = 0;
  private why = 'it has gone';

  constructor(path: string, onClosed: (connection: Connection) => void) {
    this.socket = createConnection(path);
    this.socket.on('error', (error) => (this.why = messageOf(error)));
    this.socket.on('close', () => {
      onClosed(this);
      for (const id of this.waiting.keys()) this.settle(id)?.reject(absent(this.why));
    });
    onLines(this.socket, (line) => this.answered(line));
  }

  ask(question: Question): Promise<void> {
    return new Promise((resolve, reject) => {
      const id = (this.lastId += 1);
      const timer = setTimeout(() => this.settle(id)?.reject(absent(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
      this.waiting.set(id, { resolve, reject, timer });
      this.socket.ref();
      this.socket.write(`${JSON.stringify({ id, ...question })}\n`);
    });
  }

  private answered(line: string): void {
    const answer = parsed(line);
    if (!answer) {
      this.why = 'it answers in another way: it is of another version';
      this.socket.destroy();
      return;
    }
    const asked = this.settle(answer.id);
    if (answer.error === undefined) asked?.resolve();
    else asked?.reject(new AdapterError(`the supervisor does not take it: ${answer.error}`, true));
  }

  private settle(id: number): Waiting | undefined {
    const asked = this.waiting.get(id);
    clearTimeout(asked?.timer);
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.socket.unref();
    return asked;
  }
}

const absent = (why: string): AdapterError => new AdapterError(`no supervisor: ${why}; start \`vpp supervise\` beside the plant`, true);

const parsed = (line: string): ReturnType<typeof answerSchema.parse> | undefined => {
  try {
    return answerSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
};
