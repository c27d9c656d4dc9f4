import type { Server } from 'node:http';
import type { OpenAPIObject } from '@nestjs/swagger';
import request, { type Response, type Test } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AuthService } from '../../src/platform/auth.service.js';
import { ManualClock } from '../../src/platform/clock.js';
import { ProofRecorder } from '../../src/proof/proof-recorder.service.js';
import { twoHomesPlant } from './two-homes.js';

const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;
type Method = (typeof METHODS)[number];
type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];
interface Operation {
  readonly route: string;
  readonly method: Method;
  readonly path: string;
  readonly responses: Record<string, { content?: Record<string, { schema?: JsonSchema; example?: unknown }> }>;
}

/** Routes that need no login. Whatever is not here must ask for one. */
const OPEN = ['post /api/session', 'delete /api/session', 'get /api/plant', 'get /api/proof/keys', 'get /api/health', 'get /api/metrics'];
/** Routes for whoever is logged in. */
const SHARED = ['get /api/session', 'post /api/proof/evidence'];
const PASSWORD = 'a password of the test';
const NOW_MS = Date.UTC(2026, 5, 1, 9);

const clock = new ManualClock(NOW_MS);
let homes: Awaited<ReturnType<typeof twoHomesPlant>>;
let server: Server;
let description: OpenAPIObject & { openapi: string };
let operations: Operation[];
const tokens = new Map<string, string>();

beforeAll(async () => {
  homes = await twoHomesPlant(clock);
  const { app } = homes.plant;
  server = app.getHttpServer() as Server;
  const auth = app.get(AuthService);
  await auth.putUser({ name: 'olga', role: 'operator', password: PASSWORD });
  await auth.putUser({ name: 'anna', role: 'household', householdId: 'anna', password: PASSWORD });
  await auth.putUser({ name: 'bert', role: 'household', householdId: 'bert', password: PASSWORD });
  for (const name of ['olga', 'anna', 'bert']) {
    const answer = await request(server).post('/api/session').send({ name, password: PASSWORD }).expect(200);
    tokens.set(name, (answer.body as { token: string }).token);
  }
  description = (await request(server).get('/api/openapi.json').expect(200)).body as OpenAPIObject;
  operations = Object.entries(description.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => {
      const { responses } = item[method] as unknown as Pick<Operation, 'responses'>;
      return { route: `${method} ${path}`, method, path, responses };
    }),
  );
});
afterAll(() => homes?.stop());

/** Calls a route as `name`, or as nobody; what stands in braces in its path becomes 1. */
const call = ({ method, path }: Pick<Operation, 'method' | 'path'>, name?: string): Test => {
  const test = request(server)[method](path.replaceAll(/\{\w+\}/g, '1'));
  return name === undefined ? test : test.set('authorization', `Bearer ${tokens.get(name)}`);
};

const problem = ({ headers, body, status }: Response): unknown => {
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(body).toMatchObject({ type: 'about:blank', title: expect.any(String), status });
  return body;
};

describe('the description of the API', () => {
  it('is OpenAPI 3.1 with a page to browse it', async () => {
    expect(description.openapi).toMatch(/^3\.1\./);
    expect(description.components?.securitySchemes).toMatchObject({ bearer: { scheme: 'bearer' }, cookie: { name: 'vpp_session' } });
    const page = await request(server).get('/api/docs').expect(200);
    expect(page.text).toContain('Heliograph API');
  });

  it('says of every route what it answers', () => {
    expect(operations.length).toBeGreaterThan(35);
    const silent = operations.filter(({ responses }) => {
      const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      return !good.some(
        ([status, { content }]) => status === '204' || Object.values(content ?? {}).some(({ schema }) => schema !== undefined),
      );
    });
    expect(silent.map(({ route }) => route)).toEqual([]);
  });

  it('gives examples that are what it says, of whole answers and of lines', () => {
    const shown: string[] = [];
    for (const { route, responses } of operations) {
      for (const [type, { schema, example }] of Object.entries(responses['200']?.content ?? {})) {
        if (example === undefined || type === 'text/csv') continue;
        const examples: unknown[] =
          typeof example === 'string'
            ? example
                .trimEnd()
                .split('\n')
                .map((line) => JSON.parse(line) as unknown)
            : [example];
        shown.push(`${route} ${type}`);
        for (const one of examples) expect([route, z.fromJSONSchema(schema!).safeParse(one).error?.issues]).toEqual([route, undefined]);
      }
    }
    expect(shown).toEqual([
      'get /api/readings application/json',
      'get /api/readings application/x-ndjson',
      'get /api/energy application/json',
      'get /api/energy application/x-ndjson',
    ]);
    const parameters = description.paths['/api/readings']!.get!.parameters as {
      name: string;
      required: boolean;
      schema: object;
    }[];
    expect(parameters.filter(({ required }) => required).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['devices', 'quantities', 'from', 'to']),
    );
    expect(parameters.find(({ name }) => name === 'step')).toMatchObject({ required: false, schema: { example: '15m' } });
  });

  it('is what the routes that ask for nothing really answer', async () => {
    const asked: string[] = [];
    for (const operation of operations) {
      const schema = operation.responses['200']?.content?.['application/json']?.schema;
      if (operation.method !== 'get' || operation.path.includes('{') || schema === undefined) continue;
      const answer = await call(operation, operation.path.startsWith('/api/me') ? 'anna' : 'olga');
      if (answer.status !== 200) continue;
      asked.push(operation.route);
      expect([operation.route, z.fromJSONSchema(schema).safeParse('none of this').success]).toEqual([operation.route, false]);
      expect([operation.route, z.fromJSONSchema(schema).safeParse(answer.body).error?.issues]).toEqual([operation.route, undefined]);
    }
    expect(asked).toEqual(
      expect.arrayContaining(['get /api/plant', 'get /api/fleet/now', 'get /api/devices', 'get /api/me/now', 'get /api/proof/status']),
    );
  });
});

describe('who may ask what', () => {
  it('answers 401 to nobody, except on the open routes', async () => {
    for (const operation of operations.filter(({ route }) => !OPEN.includes(route))) {
      const answer = await call(operation);
      expect([operation.route, answer.status]).toEqual([operation.route, 401]);
      problem(answer);
    }
    for (const route of OPEN.filter((open) => open.startsWith('get'))) {
      const operation = operations.find((one) => one.route === route)!;
      expect([route, (await call(operation)).status]).not.toEqual([route, 401]);
    }
  });

  it('answers 403 to operators on households’ routes, and to households on operators’', async () => {
    const closed = operations.filter(({ route }) => !OPEN.includes(route) && !SHARED.includes(route));
    expect(closed.some(({ path }) => path.startsWith('/api/me'))).toBe(true);
    for (const operation of closed) {
      const answer = await call(operation, operation.path.startsWith('/api/me') ? 'olga' : 'anna');
      expect([operation.route, answer.status]).toEqual([operation.route, 403]);
      problem(answer);
    }
  });

  it('shows a household its own home only, whatever it asks for', async () => {
    const now = { method: 'get', path: '/api/me/now' } as const;
    expect((await call(now, 'anna')).body).toMatchObject({ siteId: 'anna-home' });
    expect((await call(now, 'bert')).body).toMatchObject({ siteId: 'bert-home' });
    expect((await call({ ...now, path: '/api/me/now?siteId=anna-home&householdId=anna' }, 'bert')).body).toMatchObject({
      siteId: 'bert-home',
    });
  });

  it('erases the proofs of a household for itself, and for its operator, and takes that down', async () => {
    const own = await call({ method: 'delete', path: '/api/me/proofs' }, 'anna');
    expect([own.status, own.body]).toEqual([200, { erased: expect.any(Number) as number }]);
    const erasures = { method: 'post', path: '/api/proof/erasures' } as const;
    const byOperator = await call(erasures, 'olga').send({ siteId: 'anna-home', reason: 'moved out' });
    expect([byOperator.status, byOperator.body]).toEqual([200, { siteId: 'anna-home', erased: 0 }]);
    expect((await call(erasures, 'olga').send({ siteId: 'no-home', reason: 'moved out' })).status).toBe(404);
    expect((await call(erasures, 'olga').send({ siteId: 'anna-home', reason: '' })).status).toBe(400);
    const audit = (await call({ method: 'get', path: '/api/audit' }, 'olga')).body as { action: string; subject: string; byUser: string }[];
    expect(audit.filter(({ action }) => action === 'erase-proofs').map(({ byUser }) => byUser)).toEqual(['olga', 'anna']);
  });

  it('erases the proofs of a site that has left the fleet, and those of the plant never', async () => {
    const erasures = { method: 'post', path: '/api/proof/erasures' } as const;
    const quarter = { startMs: NOW_MS - 900_000, endMs: NOW_MS, quality: 'measured', commanded: false } as const;
    const left = { ...quarter, siteId: 'carla-home', deviceId: 'carla-meter', flow: 'grid', toBusWh: 1 } as const;
    await homes.plant.app.get(ProofRecorder).recordIntervals([left]);
    const erased = await call(erasures, 'olga').send({ siteId: 'carla-home', reason: 'moved out' });
    expect([erased.status, erased.body]).toEqual([200, { siteId: 'carla-home', erased: 1 }]);
    expect((await call(erasures, 'olga').send({ siteId: '*', reason: 'moved out' })).status).toBe(404);
  });

  it('lets anybody with a login hold a bundle against the log', async () => {
    const evidence = { method: 'post', path: '/api/proof/evidence' } as const;
    const answer = await call(evidence, 'anna').send({ bundle: '{}' });
    expect([answer.status, answer.body]).toEqual([200, { kind: 'malformed', reason: expect.any(String) as string }]);
  });

  it('ends with the session', async () => {
    const login = await request(server).post('/api/session').send({ name: 'bert', password: PASSWORD }).expect(200);
    const cookie = login.get('set-cookie')![0]!;
    expect(cookie).toMatch(/^vpp_session=.+HttpOnly; SameSite=Strict/);
    await request(server).get('/api/session').set('cookie', cookie).expect(200, { name: 'bert', role: 'household', householdId: 'bert' });
    await request(server).delete('/api/session').set('cookie', cookie).expect(204);
    await request(server).get('/api/session').set('cookie', cookie).expect(401);
  });
});

describe('what went wrong', () => {
  it('is told with every fault of a bad request', async () => {
    const answer = await call({ method: 'post', path: '/api/events' }, 'olga').send({ direction: 'sideways', powerW: -5, extra: 1 });
    expect(answer.status).toBe(400);
    const { faults } = problem(answer) as { faults: string[] };
    expect(faults).toEqual(
      expect.arrayContaining([
        'direction: is the text "sideways", and must be one of up, down',
        'powerW: an event asks for 1 W to 1 GW; its direction says which way',
        'startMs: is missing; give a number',
        'nothing here is called extra',
      ]),
    );
    const query = await call({ method: 'get', path: '/api/fleet/power?fromMs=soon&toMs=5' }, 'olga');
    expect(query.status).toBe(400);
    expect(problem(query)).toMatchObject({ detail: expect.stringContaining('fromMs') });
    const broken = await call({ method: 'post', path: '/api/events' }, 'olga')
      .set('content-type', 'application/json')
      .send('{"direction":');
    expect(broken.status).toBe(400);
    problem(broken);
  });

  it('is a 404 for what is not there, an unknown route included', async () => {
    for (const path of ['/api/nothing', '/api/devices/none', '/api/sites/none', '/api/events/EV-9999']) {
      const answer = await call({ method: 'get', path }, 'olga');
      expect([path, answer.status]).toEqual([path, 404]);
      problem(answer);
    }
  });

  it('says nothing about which names exist, and closes a name after ten misses for a minute', async () => {
    const login = (name: string, password: string): Test => request(server).post('/api/session').send({ name, password });
    const unknown = await login('nobody', 'wrong password');
    const wrong = await login('bert', 'wrong password');
    expect([unknown.status, wrong.status]).toEqual([401, 401]);
    expect(problem(unknown)).toEqual(problem(wrong));
    for (let miss = 1; miss < 10; miss += 1) expect((await login('bert', `wrong ${miss}`)).status).toBe(401);
    const shut = await login('bert', PASSWORD);
    expect(shut.status).toBe(429);
    problem(shut);
    expect((await login('anna', PASSWORD)).status).toBe(200);
    clock.set(NOW_MS + 61_000);
    expect((await login('bert', PASSWORD)).status).toBe(200);
  });
});
