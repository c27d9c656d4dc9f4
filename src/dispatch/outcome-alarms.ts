import type { LeaseOutcome, Setpoint } from '../field/setpoint.js';
import type { DeviceId } from '../fleet/plant.js';
import type { AlarmService } from '../platform/alarm.service.js';

const KINDS = ['setpoint', 'foreign-setpoint', 'no-fallback'] as const;
type Kind = (typeof KINDS)[number];

const NO_FALLBACK =
  'It would give all its power if the plant died, and its site owes a limit even then: set the safe limit in the inverter itself';

/**
 * What is worth an alarm about an outcome, of each kind: a device that is not ruled, somebody else who rules it, and one that
 * would not fall back to what it owes.
 */
export const alarmsOf = (outcome: LeaseOutcome): { readonly [K in Kind]?: string } => {
  switch (outcome.kind) {
    case 'refused':
    case 'unknown':
      return { setpoint: `Setpoint ${outcome.kind}: ${outcome.reason}` };
    case 'yielded':
      return { 'foreign-setpoint': `Somebody else has set ${outcome.shows}: it is left as it is` };
    case 'confirmed':
    case 'clamped':
      return {
        ...(outcome.overwrote === undefined
          ? {}
          : { 'foreign-setpoint': `Somebody else had set ${outcome.overwrote}: it was overwritten` }),
        ...(outcome.noFallback ? { 'no-fallback': NO_FALLBACK } : {}),
      };
    case 'deferred':
      return {};
  }
};

/** Raises alarms of what became of leases; each ends with the next good word about the same control. */
export class OutcomeAlarms {
  /** The controls that keep an alarm of a device standing. */
  private readonly standing = new Map<string, Set<Setpoint['kind']>>();

  constructor(private readonly alarms: Pick<AlarmService, 'raise' | 'clear'>) {}

  async watch(outcomes: readonly LeaseOutcome[]): Promise<void> {
    for (const outcome of outcomes) {
      const { deviceId, setpoint } = outcome.lease;
      const wanted = alarmsOf(outcome);
      // What is put off for its budget says nothing new about the device.
      if (outcome.kind !== 'deferred') for (const kind of KINDS) await this.set(deviceId, setpoint.kind, kind, wanted[kind]);
    }
  }

  private async set(deviceId: DeviceId, control: Setpoint['kind'], kind: Kind, message: string | undefined): Promise<void> {
    const controls = this.standing.get(`${deviceId} ${kind}`) ?? new Set();
    this.standing.set(`${deviceId} ${kind}`, controls);
    if (message !== undefined) {
      controls.add(control);
      await this.alarms.raise({ subject: deviceId, kind, severity: 'warning', message });
    } else if (controls.delete(control) && controls.size === 0) {
      await this.alarms.clear(deviceId, kind);
    }
  }
}
