import { describe, expect, it } from 'vitest';
import { loadProfiles, profileNamed } from './profiles.js';
import { suggestedByProfile, suggestedBySunspec } from './suggested-device.js';

const AT = { host: '192.168.1.21', port: 502, unitId: 3 };
const suggested = (models: number[], values: Record<string, number | string>) =>
  suggestedBySunspec(
    AT,
    { manufacturer: 'Helios', model: 'H5' },
    models,
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }])),
  );

describe('the entry a SunSpec device suggests', () => {
  it('takes an inverter with storage controls and no storage for one of modules', () => {
    expect(suggested([1, 103, 121, 123, 124], { '121.WMax': 5_000 })).toMatchObject({
      entry: { id: 'pv-21-3', role: 'pv', ratedW: 5_000, reversion: 'none' },
    });
  });

  it('takes an inverter whose ports are all of the battery for a battery', () => {
    const ports = {
      '160.module[1].IDStr': 'StCha 1',
      '160.module[1].DCW': 0,
      '160.module[2].IDStr': 'StDisCha 2',
      '160.module[2].DCW': 90,
    };
    expect(suggested([1, 103, 124, 160], { ...ports, '124.WChaMax': 3_000 })!.entry.role).toBe('battery');
    expect(suggested([1, 103, 124, 160], { ...ports, '160.module[3].DCW': 5, '124.WChaMax': 3_000 })!.entry.role).toBe('hybrid');
  });

  it('says which numbers are made up', () => {
    const { entry, notes } = suggested([1, 103, 802], { '802.WHRtg': 5_000 })!;
    expect(entry).toMatchObject({ ratedW: 5_000, battery: { capacityWh: 5_000 } });
    expect(Object.keys(notes)).toEqual(['ratedW', 'reversion', 'battery.maxChargeW', 'battery.maxDischargeW']);
  });

  it('is none for a device that has no place at a site', () => {
    expect(suggested([1, 64_001], {})).toBeUndefined();
  });
});

describe('the entry a profile suggests', () => {
  it('has its reversion class, and names the profiles that fit as well', () => {
    const { entry, notes } = suggestedByProfile(
      { ...AT, serial: '/dev/ttyUSB0', baudRate: 9_600, parity: 'none', stopBits: 1 },
      'goodwe-et',
      profileNamed(loadProfiles(), 'goodwe-et'),
      { ratedW: { value: 8_000 } },
      ['deye-sg04lp3'],
    );
    expect(entry).toMatchObject({ id: 'hybrid-ttyusb0-3', role: 'hybrid', ratedW: 8_000, reversion: 'supervisor' });
    expect(notes).toMatchObject({ profile: 'deye-sg04lp3 would fit too', reversion: expect.stringContaining('keeps what it was told') });
  });
});
