import type { LeaseOutcome, Setpoint } from '../field/setpoint.js';
import type { AlarmService } from '../platform/alarm.service.js';

const KINDS = ['setpoint', 'foreign-setpoint', 'no-fallback', 'left-at-fallback'] as const;
type Kind = (typeof KINDS)[number];

const noFallback = (kind: Setpoint['kind']): string => {
  const [would, where] = kind === 'load-limit' ? ['draw all it can', 'load'] : ['give all its power', 'inverter'];
  return `It would ${would} if the plant died, and its site owes a limit even then: set the safe limit in the ${where} itself`;
};

const leftAt = (limitW: number): string =>
  `No supervisor runs: it is left at its fallback, a limit of ${Math.round(limitW)} W which its site owes; start \`vpp supervise\``;

/**
 * What is worth an alarm about an outcome, of each kind: a device that is not ruled, somebody else who rules it, and one that
 * would not fall back to what it owes, and one that is left at that.
 */
export const alarmsOf = (outcome: LeaseOutcome): { readonly [K in Kind]?: string } => {
  switch (outcome.kind) {
    case 'refused':
      return {
        setpoint: `Setpoint refused: ${outcome.reason}`,
        ...(outcome.leftAtW === undefined ? {} : { 'left-at-fallback': leftAt(outcome.leftAtW) }),
      };
    case 'unknown':
      return { setpoint: `Setpoint unknown: ${outcome.reason}` };
    case 'yielded':
      return { 'foreign-setpoint': `Somebody else has set ${outcome.shows}: it is left as it is` };
    case 'confirmed':
    case 'clamped':
      return {
        ...(outcome.overwrote === undefined
          ? {}
          : { 'foreign-setpoint': `Somebody else had set ${outcome.overwrote}: it was overwritten` }),
        ...(outcome.noFallback ? { 'no-fallback': noFallback(outcome.lease.setpoint.kind) } : {}),
      };
    case 'deferred':
      return {};
  }
};

/**
 * Raises alarms of what became of leases, one for each control of a device; it ends with the next good word about that control, also
 * where an earlier run of the plant has raised it.
 */
export class OutcomeAlarms {
  constructor(private readonly alarms: Pick<AlarmService, 'raise' | 'clear'>) {}

  async watch(outcomes: readonly LeaseOutcome[]): Promise<void> {
    for (const outcome of outcomes) {
      // What is put off for its budget says nothing new about the device.
      if (outcome.kind === 'deferred') continue;
      const { deviceId: subject, setpoint } = outcome.lease;
      const wanted = alarmsOf(outcome);
      for (const each of KINDS) {
        const [kind, message] = [`${each} ${setpoint.kind}`, wanted[each]];
        if (message === undefined) await this.alarms.clear(subject, kind);
        else await this.alarms.raise({ subject, kind, severity: each === 'left-at-fallback' ? 'critical' : 'warning', message });
      }
    }
  }
}
