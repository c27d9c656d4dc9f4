import { describe, expect, it } from 'vitest';
import { BadInput } from '../kernel/errors.js';
import { configOf } from './config.js';

const faultsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    configOf(environment);
    return [];
  } catch (error) {
    if (error instanceof BadInput) return error.faults;
    throw error;
  }
};

describe('the environment', () => {
  it('needs nothing', () => {
    expect(configOf({ HOME: '/root' })).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      intervalMinutes: 15,
      database: { kind: 'sqlite', file: 'data/plant.sqlite' },
    });
  });

  it('names every bad key at once, one line each', () => {
    const faults = faultsOf({ VPP_PROT: '80', VPP_PORT: 'eighty', VPP_INTERVAL_MINUTES: '7', INFLUX_URL: 'not a url' });
    expect(faults).toHaveLength(4);
    expect(faults.join('\n')).toMatch(
      /VPP_PROT is not a key[\s\S]*VPP_PORT[\s\S]*VPP_INTERVAL_MINUTES "7": must divide an hour[\s\S]*INFLUX_URL/,
    );
    expect(faults.every((fault) => !fault.includes('\n'))).toBe(true);
  });

  it('says what belongs there', () => {
    expect(faultsOf({ VPP_PORT: 'eighty', VPP_CYCLE_MS: '5', VPP_LOG_LEVEL: 'loud' })).toEqual([
      'environment: VPP_PORT "eighty": must be a number (Port of the pages and the API; 0 takes a free one)',
      'environment: VPP_CYCLE_MS "5": must be at least 200 (How often dispatch decides, in milliseconds)',
      'environment: VPP_LOG_LEVEL "loud": must be one of fatal, error, warn, info, debug, trace, silent (What the log says)',
    ]);
  });

  it('has a login for commands that go through the plant, whole or not at all', () => {
    expect(configOf({ VPP_USER: 'olga', VPP_PASSWORD: 'secret' }).login).toEqual({ name: 'olga', password: 'secret' });
    expect(configOf({ VPP_USER: 'olga' }).login).toBeUndefined();
  });

  it('knows a time server by name, address and port', () => {
    expect(configOf({ VPP_NTP: 'pool.ntp.org' }).timeServer).toEqual({ host: 'pool.ntp.org', port: 123 });
    expect(configOf({ VPP_NTP: '192.0.2.7:1123' }).timeServer).toEqual({ host: '192.0.2.7', port: 1123 });
    expect(configOf({ VPP_NTP: '[2001:db8::1]' }).timeServer).toEqual({ host: '2001:db8::1', port: 123 });
    expect(faultsOf({ VPP_NTP: 'ntp://pool' })).toEqual([expect.stringContaining('must read host or host:port')]);
  });

  it('takes an empty value as absent', () => {
    expect(configOf({ VPP_PORT: '', INFLUX_URL: '' })).toMatchObject({ port: 8080, influxUrl: undefined });
  });
});
