import { Injectable, Logger } from '@nestjs/common';
import { FleetService } from '../fleet/fleet.service.js';
import type { DeviceId } from '../fleet/plant.js';
import { messageOf } from '../kernel/errors.js';
import { AlarmService } from '../platform/alarm.service.js';
import { MOST_FAILED_STARTS } from './generator-rules.js';
import type { WatchedGenerator } from './generator-watch.js';

const KIND = 'start-failed';
const BY = 'dispatch';

/** Tells of starts that fail, and locks a generator out after too many. Nothing here is waited for by the control cycle. */
@Injectable()
export class StartFailures {
  private readonly log = new Logger('dispatch');
  private readonly known = new Map<DeviceId, number>();
  /** Whose alarm is over, as far as it goes by this run of the plant. */
  private readonly cleared = new Set<DeviceId>();
  private failures = 0;

  constructor(
    private readonly fleet: FleetService,
    private readonly alarms: AlarmService,
  ) {}

  /** Looks at how the generators stand in this cycle. */
  watch(generators: ReadonlyMap<DeviceId, WatchedGenerator>): void {
    for (const [deviceId, { failedStarts, running }] of generators) {
      const before = this.known.get(deviceId) ?? 0;
      this.known.set(deviceId, failedStarts);
      if (failedStarts > before) this.failed(deviceId, failedStarts);
      else if (running && failedStarts === 0 && !this.cleared.has(deviceId)) {
        this.cleared.add(deviceId);
        void this.alarms.clear(deviceId, KIND);
      }
    }
  }

  /** How many starts have failed since the process began: one more is a reason to plan anew. */
  count(): number {
    return this.failures;
  }

  private failed(deviceId: DeviceId, inARow: number): void {
    this.failures += 1;
    this.cleared.delete(deviceId);
    const isLast = inARow >= MOST_FAILED_STARTS;
    const then = isLast ? 'it is locked out: look at it, and end the lock-out' : 'it rests, and is tried again';
    void this.alarms.raise({
      subject: deviceId,
      kind: KIND,
      severity: isLast ? 'critical' : 'warning',
      message: `Start ${inARow} of ${MOST_FAILED_STARTS} failed; ${then}`,
    });
    if (!isLast) return;
    // Where this can't be stored it stands all the same: the cycle remembers its failures.
    this.fleet.lockOut(deviceId, `${inARow} starts in a row failed`, BY).catch((error: unknown) => {
      this.log.error(`the lock-out of ${deviceId} is not stored: ${messageOf(error)}`);
    });
  }
}
