import { request } from 'node:http';
import { AdapterError, messageOf } from '../../kernel/errors.js';
import type { DurationMs } from '../../kernel/units.js';
import { Supervision } from '../supervision.port.js';
import { type SupervisedControl, type SupervisedLease, supervisorSocket } from '../supervisor/supervised-lease.js';

/** A supervisor on the same computer has nothing to do but to write a small file. */
const TIMEOUT_MS: DurationMs = 1_000;

/** `vpp supervise` over its socket. */
export class SupervisorSocket extends Supervision {
  constructor(private readonly dataDir: string) {
    super();
  }

  watch(lease: SupervisedLease, leaseMs: DurationMs): Promise<void> {
    return this.post('/watch', { lease, leaseMs });
  }

  forget({ deviceId, control }: SupervisedControl): Promise<void> {
    return this.post('/forget', { deviceId, control });
  }

  private post(path: string, body: object): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new AdapterError(`no supervisor: ${why}; start \`vpp supervise\` beside the plant`, true));
      const asked = request({ socketPath: supervisorSocket(this.dataDir), path, method: 'POST', timeout: TIMEOUT_MS }, (answer) => {
        answer.resume();
        answer.once('error', (error) => fail(messageOf(error)));
        answer.once('end', () => (answer.statusCode === 204 ? resolve() : fail(`it answered ${answer.statusCode} to ${path}`)));
      });
      asked.once('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      asked.once('error', (error) => fail(messageOf(error)));
      asked.end(JSON.stringify(body));
    });
  }
}
