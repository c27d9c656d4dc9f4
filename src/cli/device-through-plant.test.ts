import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tryThroughPlant } from './device-through-plant.js';

const NOW = 1_700_000_000_000;
const ALARM = 'Setpoint unknown: no answer within 1000 ms';

/** A plant that has decided as it was asked, and whose device may not have answered. */
describe('a setpoint through a plant', () => {
  let plant: Server;
  let answers: Record<string, unknown>;
  let withdrawn: number;
  let said: string[];
  let put: string[];
  const decision = (atMs: number, owner: string) => ({
    atMs,
    devices: [{ deviceId: 'pack', owner, reason: '', setpoint: { kind: 'battery-power', powerW: -500 }, cuts: [] }],
  });
  const alarm = (kind: string, clearedAtMs?: number) => ({ subject: 'pack', kind, message: ALARM, raisedAtMs: NOW - 60_000, clearedAtMs });
  const command = async (setpoint: { battery?: string; limit?: string } = { battery: '-500W' }): Promise<Record<string, unknown>> => {
    const { port } = plant.address() as { port: number };
    const options = { plant: `http://127.0.0.1:${port}`, ...setpoint, for: '5m', timeoutMs: '1000', reason: 'a test', json: true };
    await tryThroughPlant('pack', options);
    return JSON.parse(said.at(-1)!) as Record<string, unknown>;
  };

  beforeEach(async () => {
    [said, put, withdrawn] = [[], [], 0];
    answers = {
      'POST /api/session': { token: 't' },
      'GET /api/plant': { nowMs: NOW },
      'GET /api/fleet/now': { dispatch: { mode: 'running' } },
      'GET /api/dispatch/decisions': [decision(NOW + 1, 'override:olga'), decision(NOW + 2, 'override:olga')],
      'GET /api/devices/pack': { health: 'online', lease: { owner: 'override:olga', setpoint: 'charge 500 W', expiresAtMs: NOW + 60_000 } },
      'GET /api/alarms': [],
    };
    plant = createServer((request, response) => {
      if (request.method === 'PUT') request.setEncoding('utf8').on('data', (text: string) => put.push(text));
      if (request.method === 'DELETE' && request.url === '/api/overrides/pack') withdrawn += 1;
      response.end(JSON.stringify(answers[`${request.method} ${request.url}`] ?? {}));
    });
    await new Promise<void>((resolve) => plant.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('VPP_USER', 'olga').stubEnv('VPP_PASSWORD', 'correct horse battery');
    vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    process.exitCode = undefined;
    plant.closeAllConnections();
    await new Promise((resolve) => plant.close(resolve));
  });

  it('is confirmed by a lease against which nothing stands', async () => {
    answers['GET /api/alarms'] = [
      alarm('setpoint battery-power', NOW),
      alarm('setpoint pv-limit'),
      alarm('foreign-setpoint battery-power'),
    ];
    expect(await command()).toMatchObject({ kind: 'confirmed' });
    expect([withdrawn, process.exitCode]).toEqual([0, undefined]);
  });

  it('is not where the control did not answer already before', async () => {
    answers['GET /api/alarms'] = [alarm('setpoint battery-power')];
    expect(await command()).toMatchObject({ kind: 'not-taken', reason: ALARM });
    expect([withdrawn, process.exitCode]).toEqual([1, 1]);
  });

  it('is not where somebody else has set what stands there, and says that', async () => {
    answers['GET /api/devices/pack'] = { health: 'online' };
    answers['GET /api/alarms'] = [{ ...alarm('foreign-setpoint battery-power'), message: 'Somebody else has set a limit of 30 %' }];
    expect(await command()).toMatchObject({ kind: 'not-taken', reason: 'Somebody else has set a limit of 30 %' });
    expect(withdrawn).toBe(1);
  });

  it('is a percentage of the rating that the plant knows', async () => {
    answers['GET /api/devices/pack'] = { ...(answers['GET /api/devices/pack'] as object), ratedW: 8_000 };
    expect(await command({ limit: '50%' })).toMatchObject({ kind: 'confirmed' });
    expect(JSON.parse(put[0]!)).toMatchObject({ setpoint: { kind: 'pv-limit', maxW: 4_000 } });
  });

  it('is not while the first decision about it may still be being written', async () => {
    answers['GET /api/dispatch/decisions'] = [decision(NOW + 1, 'plan'), decision(NOW + 2, 'override:olga')];
    const asked = command();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(said).toEqual([]);
    answers['GET /api/alarms'] = [alarm('setpoint battery-power')];
    answers['GET /api/dispatch/decisions'] = [decision(NOW + 2, 'override:olga'), decision(NOW + 3, 'override:olga')];
    expect(await asked).toMatchObject({ kind: 'not-taken', reason: ALARM });
  });
});
