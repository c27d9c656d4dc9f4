import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { ceilTo } from '../../src/kernel/interval.js';
import { MINUTE_MS } from '../../src/kernel/units.js';
import { LEAD_MS } from '../../src/signals/event-rules.js';
import { type BenchRow, quantile } from './bench-row.js';

const SITES = 500;
const EVENT_W = 1_000_000;
const FIRST_PORT = 21_000;
/** More than the least time between a request and the start of its event, and less than the fleet takes to come up to it. */
const LEAST_LEAD_MS = LEAD_MS + 10_000;
const LOOK_EVERY_MS = 100;
const GIVE_UP_MS = 60_000;
const PASSWORD = 'correct horse battery';

/** 500 sites of a meter and a battery each: 1,000 devices on as many Modbus units, behind 500 sockets. */
const fleet = (): string => `name: Bench
zone: Europe/Berlin
currency: EUR
tariff: { import: { pricePerKwh: 0.3 }, export: 0.08 }
sites:
${Array.from({ length: SITES }, (_, h) => siteText(h, FIRST_PORT + h)).join('\n')}
`;

const siteText = (h: number, port: number): string => `  - id: h${h}
    name: Quarter ${h}
    kind: community-battery
    importLimitW: 20000
    exportLimitW: 20000
    reserveFloorPct: 5
    devices:
      - { id: h${h}-meter, name: Meter, role: grid-meter, modbus: { host: 127.0.0.1, port: ${port}, unitId: 1 }, pollPeriodMs: 1000, ratedW: 20000 }
      - id: h${h}-battery
        name: Battery
        role: battery
        modbus: { host: 127.0.0.1, port: ${port}, unitId: 2 }
        pollPeriodMs: 1000
        reversion: device
        ratedW: 5000
        battery: { capacityWh: 10000, maxChargeW: 5000, maxDischargeW: 5000 }`;

interface Api {
  get<T>(path: string): Promise<T>;
  send<T>(method: string, path: string, body: object): Promise<T>;
}
interface DeviceRow {
  readonly id: string;
  readonly role: string;
  readonly health: string;
  readonly lease?: { readonly owner: string };
}

/** From a request to confirmed setpoints on real Modbus, and to the fleet's power at its target. */
export const wireRows = async (): Promise<BenchRow[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-bench-'));
  const processes: ChildProcess[] = [];
  const env = { ...process.env, VPP_DATA_DIR: join(folder, 'data'), VPP_LOG_LEVEL: 'error', VPP_INTERVAL_MINUTES: '1' };
  const vpp = async (words: string[]): Promise<string> => {
    const child = spawn(process.execPath, ['dist/src/cli/main.js', ...words], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    processes.push(child);
    return ((await once(createInterface({ input: child.stdout }), 'line')) as [string])[0];
  };
  try {
    const file = join(folder, 'fleet.yaml');
    writeFileSync(file, fleet());
    await vpp(['simulate', '--fleet', file, '--json']);
    spawnSync(process.execPath, ['dist/src/cli/main.js', 'user', 'add', 'olga'], { env, input: `${PASSWORD}\n` });
    const { url } = JSON.parse(await vpp(['serve', '--fleet', file, '--port', '0', '--json'])) as { url: string };
    return await measured(await login(url));
  } finally {
    for (const child of processes.reverse()) {
      if (child.exitCode !== null) continue;
      child.kill('SIGINT');
      await Promise.race([once(child, 'exit'), pause(10_000)]);
    }
    rmSync(folder, { recursive: true, force: true });
  }
};

const login = async (url: string): Promise<Api> => {
  const json = { 'content-type': 'application/json' };
  const session = await fetch(`${url}/api/session`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ name: 'olga', password: PASSWORD }),
  });
  const { token } = (await session.json()) as { token: string };
  const headers = { ...json, authorization: `Bearer ${token}` };
  const asked = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const answer = await fetch(`${url}${path}`, { ...init, headers });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  return {
    get: async <T>(path: string) => (await (await asked(path)).json()) as T,
    send: async <T>(method: string, path: string, body: object) =>
      (await (await asked(path, { method, body: JSON.stringify(body) })).json()) as T,
  };
};

/** A grid event that every battery has to answer: from the request to setpoints read back, and from its start to the fleet's power at its target. */
const measured = async (api: Api): Promise<BenchRow[]> => {
  const batteries = async (): Promise<DeviceRow[]> => (await api.get<DeviceRow[]>('/api/devices')).filter(({ role }) => role === 'battery');
  const clock = async (): Promise<number> => (await api.get<{ nowMs: number }>('/api/plant')).nowMs;
  for (let look = 0; (await batteries()).some(({ health }) => health !== 'online'); look += 1) {
    if (look > 240) throw new Error('the devices do not all come online');
    await pause(500);
  }
  const offsetMs = (await clock()) - performance.now();
  // While the fleet would come up to it already: what is asked for is wanted at once.
  const boundaryMs = ceilTo(offsetMs + performance.now() + LEAST_LEAD_MS, MINUTE_MS) - offsetMs;
  await pause(boundaryMs - LEAST_LEAD_MS - performance.now());
  const postedMs = performance.now();
  const request = { direction: 'up', powerW: EVENT_W, startMs: Math.round(offsetMs + postedMs), durationMinutes: 3, priceMicroPerKwh: 0 };
  const { id, startMs } = await api.send<{ id: string; startMs: number }>('POST', '/api/events', request);
  const answeredMs = performance.now() - postedMs;
  const startsAtMs = startMs - offsetMs;
  const [confirmedMs, reachedMs] = await Promise.all([confirmations(batteries, postedMs), reached(api, id, startsAtMs)]);
  return [
    { what: 'wire: devices on Modbus TCP', value: 2 * SITES, unit: '' },
    { what: 'wire: batteries told by one event', value: SITES, unit: '' },
    { what: 'wire: request answered', value: answeredMs / 1_000, unit: 's' },
    { what: 'wire: request to setpoint read back, median', value: quantile(confirmedMs, 0.5) / 1_000, unit: 's' },
    { what: 'wire: request to setpoint read back, p99', value: quantile(confirmedMs, 0.99) / 1_000, unit: 's', bound: 2 },
    { what: 'wire: event start to within 2 % of 1 MW at the meters', value: reachedMs / 1_000, unit: 's', bound: 5 },
  ];
};

/** When each battery's lease is in force, as the API tells it: a look is up to 0.1 s late. */
const confirmations = async (batteries: () => Promise<DeviceRow[]>, postedMs: number): Promise<number[]> => {
  const confirmedMs = new Map<string, number>();
  while (confirmedMs.size < SITES && performance.now() - postedMs < GIVE_UP_MS) {
    for (const { id, lease } of await batteries())
      if (lease?.owner.startsWith('event') && !confirmedMs.has(id)) confirmedMs.set(id, performance.now() - postedMs);
    await pause(LOOK_EVERY_MS);
  }
  return Array.from({ length: SITES }, (_, index) => [...confirmedMs.values()][index] ?? GIVE_UP_MS);
};

/** What the meters show against the baseline of the event: the homes have loads of their own. */
const reached = async (api: Api, id: string, startsAtMs: number): Promise<number> => {
  while (performance.now() - startsAtMs < GIVE_UP_MS) {
    const { deliveredW } = await api.get<{ deliveredW?: number }>(`/api/events/${id}`);
    if (deliveredW !== undefined && Math.abs(deliveredW - EVENT_W) <= 0.02 * EVENT_W) return performance.now() - startsAtMs;
    await pause(LOOK_EVERY_MS);
  }
  return GIVE_UP_MS;
};
