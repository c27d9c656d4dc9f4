import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { vppProgram } from '../../src/cli/program.js';
import { DispatchService } from '../../src/dispatch/dispatch.service.js';
import { FleetService } from '../../src/fleet/fleet.service.js';
import { ManualClock } from '../../src/platform/clock.js';
import { LimitService } from '../../src/signals/limit.service.js';
import { TelemetryService } from '../../src/telemetry/telemetry.service.js';
import { listeningHomes, type ListeningHomes } from './listening-homes.js';

const NOW_MS = Date.UTC(2026, 5, 1, 9);
const clock = new ManualClock(NOW_MS);
let homes: ListeningHomes;
let said: string[];

beforeAll(async () => {
  homes = await listeningHomes(clock);
  vi.stubEnv('VPP_USER', 'olga').stubEnv('VPP_PASSWORD', 'a password of the test');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await homes?.stop();
});
beforeEach(() => {
  said = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
});
afterEach(() => void vi.restoreAllMocks());

/** `vpp …` against the plant; what it prints. */
const vpp = async (...words: string[]): Promise<string> => {
  const program = await vppProgram(words[0]);
  await program.parseAsync([...words, '--plant', homes.url], { from: 'user' });
  return said.join('\n');
};
const annasBatterySays = (socPct: number): void =>
  homes.app
    .get(TelemetryService)
    .accept({ deviceId: 'anna-battery', atMs: clock.now(), values: { 'battery.powerW': 0, 'battery.socPct': socPct } });

describe('an event that an operator announces', () => {
  it('is refused with reasons where nothing of it can be given', async () => {
    await expect(vpp('event', 'announce', '--up', '5kW')).rejects.toThrow(/none of it: 5000 W of devices that do not answer/);
    expect(await homes.json('/api/events')).toEqual([]);
    await expect(vpp('event', 'announce', '--up', '5kW', '--start', '2026-05-31T09:00:00Z')).rejects.toThrow(/cannot begin in the past/);
    await expect(vpp('event', 'announce')).rejects.toThrow(/either --up or --down/);
  });

  it('is accepted in part, with how much and why; another at that time is refused, and it is taken back', async () => {
    annasBatterySays(90);
    const start = ['--start', '2026-06-01T10:00:00Z', '--for', '1h'];
    const answer = await vpp('event', 'announce', '--up', '5kW', ...start);
    expect(answer).toMatch(/^EV-0001 is accepted in part: 3000 of 5000 W\n {2}missing: 2000 W of devices that do not answer/);
    await expect(vpp('event', 'announce', '--down', '2kW', ...start)).rejects.toThrow(/overlaps EV-0001/);
    await expect(vpp('event', 'announce', '--down', '2kW', ...start, '--dry-run')).rejects.toThrow(/overlaps EV-0001/);
    said = [];
    expect(await vpp('event', 'list')).toMatch(/^EV-0001 {2}announced {2}up {3}5000 W .* accepted 3000 W$/);
    expect(await homes.json('/api/events/EV-0001')).toMatchObject({
      answer: { verdict: 'in-part', acceptedW: 3_000, shortfall: { offlineW: 2_000 }, reasons: [expect.stringContaining('do not answer')] },
    });
    said = [];
    expect(await vpp('event', 'cancel', 'EV-0001')).toBe('EV-0001 is cancelled');
  });

  it('is accepted whole where there is enough, and counts on no household that stays out', async () => {
    annasBatterySays(90);
    expect(await vpp('event', 'announce', '--up', '2kW', '--for', '30m')).toMatch(/^EV-0002 is accepted\n/);
    await homes.app.get(FleetService).setConsent('anna-home', { reserveFloorPct: 20, optedOut: true });
    const amended = fetch(`${homes.url}/api/events/EV-0002`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${homes.tokens.get('olga')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ powerW: 2_500 }),
    });
    expect(await (await amended).json()).toMatchObject({ status: 409, detail: expect.stringContaining('2500 W of devices') });
    await homes.app.get(FleetService).setConsent('anna-home', { reserveFloorPct: 20, optedOut: false });
  });

  it('is amended before it runs and while it does, and asks nothing more once it is cancelled', async () => {
    const id = 'EV-0002';
    const { startMs } = await homes.json<{ startMs: number }>(`/api/events/${id}`);
    expect(await vpp('event', 'amend', id, '--up', '1kW')).toMatch(new RegExp(`^${id} is accepted\n`));
    await expect(vpp('event', 'amend', id)).rejects.toThrow(/say what is to change/);
    clock.set(startMs + 20_000);
    annasBatterySays(90);
    said = [];
    expect(await vpp('event', 'amend', id, '--up', '1.5kW')).toMatch(new RegExp(`^${id} is accepted\n`));
    expect(await homes.json(`/api/events/${id}`)).toMatchObject({ state: 'active', powerW: 1_500 });
    await expect(vpp('event', 'amend', id, '--down', '1kW')).rejects.toThrow(/^--down: the event has begun/);
    said = [];
    expect(await vpp('event', 'cancel', id)).toMatch(/nothing more is asked for/);
    expect(await homes.json(`/api/events/${id}`)).toMatchObject({ state: 'ended' });
    clock.set(NOW_MS);
  });
});

describe('a limit that an operator sets', () => {
  it('is set, listed and withdrawn, and says where nothing holds to it for now', async () => {
    expect(await vpp('limit', 'set', '--kind', 'export', '--power', '4kW', '--reason', 'line work')).toMatch(
      /^limit 1: fleet export at most 4000 W until 2026-06-01T10:00:00.000Z, set by olga: line work$/,
    );
    await homes.app.get(DispatchService).releaseAll('fire', 'olga');
    said = [];
    const site = ['--scope', 'anna-home', '--power', '2kW', '--reason', 'line work'];
    expect(await vpp('limit', 'set', '--kind', 'import', ...site)).toMatch(/\n {2}It is not held to for now.*released \(fire \(olga\)\)/);
    await homes.app.get(DispatchService).resume('out', 'olga');
    said = [];
    await vpp('limit', 'withdraw', '1');
    expect(await vpp('limit', 'list')).toMatch(/^limit 1 is withdrawn\n {3}2 {2}anna-home import at most 2000 W/);
    await expect(vpp('limit', 'withdraw', '1')).rejects.toThrow(/No limit 1 is in force/);
  });

  it('is passed on from a receiver, and refused where the site is not enrolled for it', async () => {
    await expect(vpp('limit', 'dim', 'anna-home')).rejects.toThrow(/names no controllableLoads/);
    await expect(vpp('limit', 'ripple', 'anna-home', '--closed', '60')).rejects.toThrow(/needs safeLimits.sunW/);
    await expect(vpp('limit', 'ripple', 'anna-home', '--closed', '50')).rejects.toThrow(/write some of 100, 60, 30, 0/);
    await vpp('limit', 'ripple', 'bert-home', '--closed', '60');
    expect(said.at(-1)).toMatch(/^limit 3: bert-home sun at most 4200 W .* ripple control$/);
    await vpp('limit', 'dim', 'bert-home');
    expect(said.at(-1)).toMatch(/^limit 4: bert-home dimming at most 4200 W/);
    await vpp('limit', 'dim', 'bert-home', '--off');
    expect(said.at(-1)).toBe('no dimming limit is in force at bert-home');
    const held = await homes.json<{ scope: string; kind: string; setBy: string; exceeded: boolean }[]>('/api/limits/held');
    expect(held.map(({ scope, kind, setBy, exceeded }) => [scope, kind, setBy, exceeded])).toEqual([
      ['anna-home', 'import', 'olga', false],
      ['bert-home', 'sun', 'olga', false],
      ['bert-home', 'load', 'the fleet file', false],
    ]);
  });
});

describe('what a plant finds wrong with a command', () => {
  it.each([
    ['event announce --up 0', '--up: an event asks for 1 W to 1 GW; its direction says which way'],
    ['event announce --down 2kW --for 30s', '--for: an event lasts from 1 minute to 24 hours'],
    ['event announce --up 2kW --for 2d --dry-run', '--for: an event lasts from 1 minute to 24 hours'],
    ['event announce --up 2kW --start 2026-05-31T09:00:00Z', '--start: an event cannot begin in the past'],
    ['event announce --up 2kW --price 1000', '--price: a kWh is paid for with 0 to 100 in the plant’s currency, in whole millionths'],
    ['event amend EV-0002 --up 0.5', '--up: an event asks for 1 W to 1 GW; its direction says which way'],
    ['limit set --kind export --power 4kW --reason work --scope nobody', '--scope: there is no site "nobody"'],
    ['limit set --kind sun --power 4kW --reason work', '--kind: a limit on sun is set at a site, not over the fleet'],
    ['limit set --kind dimming --power 1kW --reason work --scope bert-home', '--power: dimmed loads keep 4200 W at least (§ 14a EnWG)'],
    [
      'limit set --kind export --power 4kW --reason work --start 2026-05-01T00:00:00Z',
      '--for: a limit ends after it begins, and in the future',
    ],
    ['limit ripple bert-home --closed 60 --for 2d', '--for: a receiver’s word holds for 1 minute to 24 hours'],
    ['limit dim bert-home --for 30s', '--for: a receiver’s word holds for 1 minute to 24 hours'],
    [`release all --reason ${'x'.repeat(401)}`, expect.stringMatching(/^--reason: .* at most 400 characters$/)],
    ['resume --reason x', '--reason: say why, in three letters at least'],
    ['proof erase anna-home --yes --reason ', expect.stringMatching(/^--reason: /)],
    ['forecast scoreboard --days 500', '--days: is 500, and must be at most 400'],
    ['device command anna-battery --battery=1kW --reason x', '--reason: say why, in three letters at least'],
    ['device command nobody --battery=1kW', '<address-or-device>: there is no device "nobody"'],
    ['device command anna-battery --limit 1000W', '--limit: a battery takes no limit on sun'],
  ])('is said by its options: vpp %s', async (words, fault) => {
    await expect(vpp(...words.split(' '))).rejects.toMatchObject({ faults: [fault] });
  });

  it('of a price that is no amount is said before the plant is asked', async () => {
    await expect(vpp('event', 'announce', '--up', '1kW', '--price', '')).rejects.toThrow(/--price "": write an amount/);
  });
});

describe('what an operator is told before anything is announced', () => {
  it('is what would be accepted, and what a limit in its time leaves of it', async () => {
    // What was read while the event ran lies ahead of a clock that was set back.
    clock.set(Date.UTC(2026, 5, 1, 10));
    annasBatterySays(90);
    const before = await homes.json<unknown[]>('/api/events');
    const wish = ['--up', '5kW', '--start', '2026-06-01T12:00:00Z', '--for', '1h', '--dry-run'];
    expect(await vpp('event', 'announce', ...wish)).toMatch(
      /^it would be accepted in part: 3000 of 5000 W\n {2}missing: 2000 W of devices that do not/,
    );
    homes.app.get(TelemetryService).accept({ deviceId: 'anna-meter', atMs: clock.now(), values: { 'grid.powerW': 500 } });
    const ask = { scope: 'anna-home', kind: 'export' as const, valueW: 1_000, reason: 'line work' };
    const times = { startMs: Date.UTC(2026, 5, 1, 12, 30), endMs: Date.UTC(2026, 5, 1, 13) };
    const { id } = await homes.app.get(LimitService).set({ ...ask, ...times }, 'olga', clock.now());
    said = [];
    expect(await vpp('event', 'announce', ...wish)).toMatch(
      /^it would be accepted in part: 1500 of 5000 W\n.*\n {2}missing: 500 W that operators' limits/,
    );
    expect(await homes.json<unknown[]>('/api/events')).toHaveLength(before.length);
    said = [];
    const announced = await vpp('event', 'announce', ...wish.filter((word) => word !== '--dry-run'));
    expect(announced).toMatch(/The export limit of 1000 W on anna-home comes before it\./);
    await vpp('event', 'cancel', announced.split(' ')[0]!);
    await homes.app.get(LimitService).withdraw(id, 'olga', clock.now());
  });
});
