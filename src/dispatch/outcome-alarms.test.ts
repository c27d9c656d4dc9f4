import { beforeEach, describe, expect, it } from 'vitest';
import type { Lease, LeaseOutcome } from '../field/setpoint.js';
import { OutcomeAlarms } from './outcome-alarms.js';

const lease = (deviceId: string, kind: 'battery-power' | 'pv-limit'): Lease => ({
  deviceId,
  owner: 'plan',
  setpoint: kind === 'pv-limit' ? { kind, maxW: 0 } : { kind, powerW: 0 },
  expiresAtMs: 1,
});
const [battery, sun] = [lease('hybrid', 'battery-power'), lease('hybrid', 'pv-limit')];
const confirmed = (of: Lease, overwrote?: string): LeaseOutcome => ({
  kind: 'confirmed',
  lease: of,
  ...(overwrote === undefined ? {} : { overwrote }),
});

describe('alarms about outcomes', () => {
  const told: string[] = [];
  const open = new Set<string>();
  const alarms = new OutcomeAlarms({
    raise: ({ subject, kind, severity, message }) => {
      open.add(`${subject} ${kind}`);
      return Promise.resolve(void told.push(`${subject} ${kind}: ${severity === 'critical' ? 'CRITICAL ' : ''}${message}`));
    },
    clear: (subject, kind) => Promise.resolve(void (open.delete(`${subject} ${kind}`) && told.push(`${subject} ${kind}: over`))),
  });
  const after = async (...outcomes: LeaseOutcome[]): Promise<string[]> => {
    await alarms.watch(outcomes);
    return told.splice(0);
  };
  beforeEach(() => {
    told.splice(0);
    open.clear();
  });

  it('stand until the control that they are about is well again', async () => {
    const refused: LeaseOutcome = { kind: 'refused', lease: sun, reason: 'busy' };
    expect(await after({ kind: 'unknown', lease: battery, reason: 'silent' }, refused)).toEqual([
      'hybrid setpoint battery-power: Setpoint unknown: silent',
      'hybrid setpoint pv-limit: Setpoint refused: busy',
    ]);
    expect(await after(confirmed(battery))).toEqual(['hybrid setpoint battery-power: over']);
    expect(await after({ kind: 'deferred', lease: sun })).toEqual([]);
    expect(await after(confirmed(sun))).toEqual(['hybrid setpoint pv-limit: over']);
    expect(await after(confirmed(sun))).toEqual([]);
  });

  it('are over with the first good word also where the plant was started anew since', async () => {
    open.add('hybrid setpoint pv-limit').add('hybrid no-fallback pv-limit');
    expect(await after(confirmed(battery))).toEqual([]);
    expect(await after(confirmed(sun))).toEqual(['hybrid setpoint pv-limit: over', 'hybrid no-fallback pv-limit: over']);
  });

  it('tell of a device that would not fall back to what its site owes', async () => {
    expect(await after({ kind: 'confirmed', lease: sun, noFallback: true })).toEqual([
      expect.stringMatching(/^hybrid no-fallback pv-limit: It would give all its power if the plant died/),
    ]);
    expect(await after(confirmed(sun))).toEqual(['hybrid no-fallback pv-limit: over']);
    const [charger] = await after({ kind: 'confirmed', lease: { ...sun, setpoint: { kind: 'load-limit', maxW: 0 } }, noFallback: true });
    expect(charger).toMatch(/no-fallback load-limit: It would draw all it can if the plant died/);
  });

  it('tell of a device that is left at what its site owes, which is critical', async () => {
    const left = 'hybrid left-at-fallback pv-limit';
    expect(await after({ kind: 'refused', lease: sun, reason: 'no supervisor', leftAtW: 4_000 })).toEqual([
      'hybrid setpoint pv-limit: Setpoint refused: no supervisor',
      expect.stringContaining(`${left}: CRITICAL No supervisor runs: it is left at its fallback, a limit of 4000 W`),
    ]);
    expect(await after(confirmed(sun))).toEqual(['hybrid setpoint pv-limit: over', `${left}: over`]);
  });

  it('tell of somebody else, whom we leave or overwrite', async () => {
    expect(await after({ kind: 'yielded', lease: sun, shows: 'a limit of 60 %' })).toEqual([
      'hybrid foreign-setpoint pv-limit: Somebody else has set a limit of 60 %: it is left as it is',
    ]);
    expect(await after(confirmed(battery, 'a power of 5 W'))).toEqual([
      'hybrid foreign-setpoint battery-power: Somebody else had set a power of 5 W: it was overwritten',
    ]);
    expect(await after(confirmed(sun), confirmed(battery))).toEqual([
      'hybrid foreign-setpoint pv-limit: over',
      'hybrid foreign-setpoint battery-power: over',
    ]);
  });
});
