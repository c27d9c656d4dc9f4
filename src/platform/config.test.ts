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

  it('has a login for commands that go through the plant, whole or not at all', () => {
    expect(configOf({ VPP_USER: 'olga', VPP_PASSWORD: 'secret' }).login).toEqual({ name: 'olga', password: 'secret' });
    expect(configOf({ VPP_USER: 'olga' }).login).toBeUndefined();
  });

  it('takes an empty value as absent', () => {
    expect(configOf({ VPP_PORT: '', INFLUX_URL: '' })).toMatchObject({ port: 8080, influxUrl: undefined });
  });
});
