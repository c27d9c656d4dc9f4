import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BadInput } from '../kernel/errors.js';
import { REVERSION_NOTES } from './device-entry.js';
import { editedFleet } from './fleet-edit.js';
import { parseFleet } from './fleet-file.js';
import { devicesOf } from './plant.js';

const COMMISSIONED = { at: '2026-06-21T11:00:00Z', latencyMs: 1_500, reversionS: 21 };
const fleets = new URL('../../hardware/fleets/', import.meta.url);
const shipped = (name: string): string => readFileSync(new URL(name, fleets), 'utf8');

/** The lines that are in one text and not in the other. */
const added = (before: string, after: string): string[] => {
  const known = before.split('\n');
  return after.split('\n').filter((line) => !known.includes(line));
};
const deviceIn = (text: string, id: string) =>
  devicesOf(parseFleet('fleet.yaml', text, z.unknown().optional()).plant).find((device) => device.id === id);

describe('an entry of a fleet file, changed in place', () => {
  it('keeps every other character', () => {
    const before = shipped('example.yaml');
    const after = editedFleet('example.yaml', before, [
      { deviceId: 'anna-meter', fields: { direction: -1 } },
      { deviceId: 'anna-battery', fields: { reversion: 'device', commissioned: COMMISSIONED } },
    ]);
    expect(added(before, after)).toEqual([
      '        direction: -1 # -1 where its clamps look the other way',
      '        commissioned: { at: 2026-06-21T11:00:00Z, latencyMs: 1500, reversionS: 21 }',
    ]);
    expect(deviceIn(after, 'anna-meter')!.direction).toBe(-1);
    expect(deviceIn(after, 'anna-battery')).toMatchObject({ reversion: 'device', commissioned: COMMISSIONED });
  });

  it('is found in one line of brackets, and in brackets of several lines', () => {
    const before = shipped('example.yaml');
    expect(added(before, editedFleet('f', before, [{ deviceId: 'bert-meter', fields: { direction: -1 } }]))).toEqual([
      expect.stringMatching(/pollPeriodMs: 1000, ratedW: 17000, direction: -1 \}$/),
    ]);
    const demo = shipped('demo.yaml');
    const turned = editedFleet('f', demo, [{ deviceId: 'home-01-meter', fields: { direction: -1 } }]);
    expect(turned).toContain('          ratedW: 17000,\n          direction: -1,\n        }');
    expect(deviceIn(turned, 'home-01-meter')!.direction).toBe(-1);
  });

  it('takes the place of what stood there before', () => {
    const before = shipped('example.yaml').replace(
      'pvPeakW: 9200\n',
      'pvPeakW: 9200\n        commissioned:\n          at: 2025-01-01T00:00:00Z\n          latencyMs: 9\n\n        # The roof looks south.\n',
    );
    const after = editedFleet('f', before, [{ deviceId: 'anna-pv', fields: { commissioned: COMMISSIONED } }]);
    expect(deviceIn(after, 'anna-pv')!.commissioned).toEqual(COMMISSIONED);
    expect(after).toContain('# The roof looks south.');
    const again = editedFleet('f', after, [{ deviceId: 'anna-pv', fields: { commissioned: { at: '2027-01-01T00:00:00Z' } } }]);
    expect(deviceIn(again, 'anna-pv')!.commissioned).toEqual({ at: '2027-01-01T00:00:00Z' });
  });

  it('loses what a scan has noted of the value before, and nothing that people have written', () => {
    const noted = (note: string): string => shipped('example.yaml').replace(/reversion: device # .*/, `reversion: none # ${note}`);
    const change = [{ deviceId: 'anna-pv', fields: { reversion: 'device' } }] as const;
    const scanned = noted(REVERSION_NOTES.unproven);
    expect(scanned).toContain('reversion: none # never dispatched until');
    expect(editedFleet('f', scanned, change)).toBe(scanned.replace(/reversion: none # .*/, 'reversion: device'));
    const written = noted('never dispatched, says Anna');
    expect(added(written, editedFleet('f', written, change))).toEqual(['        reversion: device # never dispatched, says Anna']);
  });

  it('keeps line breaks of Windows, and a last line without one', () => {
    const before = shipped('example.yaml').trimEnd().replaceAll('\n', '\r\n');
    const after = editedFleet('f', before, [{ deviceId: 'bert-hybrid', fields: { commissioned: COMMISSIONED } }]);
    expect(after.replaceAll('\r\n', '')).not.toContain('\n');
    expect(deviceIn(after, 'bert-hybrid')!.commissioned).toEqual(COMMISSIONED);
  });

  it('is left alone where it cannot be changed without changing another', () => {
    const before = shipped('example.yaml')
      .replace('direction: 1 #', 'direction: &way 1 #')
      .replace('unitId: 1 }, pollPeriodMs: 1000', 'unitId: 1 }, direction: *way, pollPeriodMs: 1000');
    const edit = () => editedFleet('plant.yaml', before, [{ deviceId: 'bert-meter', fields: { direction: -1 } }]);
    expect(edit).toThrow(BadInput);
    expect(edit).toThrow(/plant\.yaml: .* put in by hand bert-meter: direction: -1/);
  });
});
