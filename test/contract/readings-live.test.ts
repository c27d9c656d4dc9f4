import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { until } from '../until.js';
import { SampleSink } from '../../src/field/sample-sink.port.js';
import { ReadingTail } from '../../src/grid/reading-tail.js';
import { TailService } from '../../src/grid/tail.service.js';
import { AdapterError } from '../../src/kernel/errors.js';
import { FleetService } from '../../src/fleet/fleet.service.js';
import { ManualClock } from '../../src/platform/clock.js';
import { ReadingStore } from '../../src/telemetry/reading-store.port.js';
import { TelemetryService } from '../../src/telemetry/telemetry.service.js';
import { listeningHomes, type ListeningHomes } from './listening-homes.js';

const T0 = Date.UTC(2026, 5, 1, 9);
const PATH = '/api/readings/live?devices=anna-meter,anna-pv&quantities=grid.powerW,grid.currentAA,pv.powerW';
const clock = new ManualClock(T0);
let homes: ListeningHomes;
let sink: SampleSink;
const open: Listener[] = [];

interface Event {
  readonly id?: string;
  readonly type: string;
  readonly data: unknown;
}
type Row = { readonly deviceId: string; readonly atMs: number };

const eventOf = (text: string): Event => {
  const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1];
  return { id: field('id'), type: field('event') ?? 'comment', data: JSON.parse(field('data') ?? 'null') };
};

/** One that hears events, as a browser's `EventSource` does. */
class Listener {
  readonly events: Event[] = [];

  private constructor(
    readonly answer: Response,
    private readonly gone: AbortController,
  ) {}

  static async to(path: string, lastEventId?: string): Promise<Listener> {
    const gone = new AbortController();
    const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const listener = new Listener(await homes.get(path, { headers, signal: gone.signal }), gone);
    if (!listener.answer.ok) throw new Error(await listener.answer.text());
    open.push(listener);
    void listener.listen();
    return listener;
  }

  get rows(): Row[] {
    return this.events.filter(({ type }) => type === 'samples').flatMap(({ data }) => data as Row[]);
  }

  get lastId(): string | undefined {
    return this.events.findLast(({ id }) => id !== undefined)?.id;
  }

  leave(): void {
    this.gone.abort();
  }

  async until(holds: (listener: Listener) => boolean): Promise<void> {
    await until(() => {
      if (!holds(this)) throw new Error(`not in time; heard ${JSON.stringify(this.events)}`);
    });
  }

  private async listen(): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const piece of this.answer.body!) {
        text += decoder.decode(piece, { stream: true });
        const whole = text.split('\n\n');
        text = whole.pop()!;
        this.events.push(...whole.map(eventOf));
      }
    } catch {
      // It has left.
    }
  }
}

let second = 0;
/** One more second in which the meter and the roof are read, the roof a little late. */
const read = (): Row[] => {
  second += 1;
  clock.set(T0 + second * 1_000);
  const meter = { deviceId: 'anna-meter', atMs: T0 + second * 1_000, values: { 'grid.powerW': second, 'grid.currentAA': 2 } };
  const roof = { deviceId: 'anna-pv', atMs: T0 + second * 1_000 - 400, values: { 'pv.powerW': 100 + second } };
  const other = { deviceId: 'bert-meter', atMs: T0 + second * 1_000, values: { 'grid.powerW': 5 } };
  for (const sample of [meter, other, roof]) sink.accept(sample);
  return [meter, roof].map(({ deviceId, atMs }) => ({ deviceId, atMs }));
};
const keys = (rows: readonly Row[]): string[] => rows.map(({ deviceId, atMs }) => `${atMs} ${deviceId}`);

beforeAll(async () => {
  homes = await listeningHomes(clock);
  sink = homes.app.get(SampleSink);
});
afterEach(() => {
  open.splice(0).forEach((listener) => listener.leave());
  vi.restoreAllMocks();
});
afterAll(() => homes?.stop());

describe('the live tail', () => {
  it('tells what is read from now on, of the devices and quantities asked for', async () => {
    read();
    const listener = await Listener.to(PATH);
    expect(listener.answer.headers.get('content-type')).toBe('text/event-stream');
    expect(listener.answer.headers.get('cache-control')).toBe('no-store');
    await listener.until(({ events }) => events.length === 1);
    expect(listener.events[0]).toMatchObject({ type: 'open', id: expect.stringMatching(/^\w+-\w+-\w+\.\w+$/) });
    const told = [...read(), ...read()];
    // What the gate refuses is told to nobody.
    sink.accept({ deviceId: 'anna-meter', atMs: T0 + second * 1_000 - 100, values: { 'grid.powerW': 1 } });
    sink.accept({ deviceId: 'anna-meter', atMs: T0 + second * 1_000 + 100, values: { 'grid.powerW': 9e9 } });
    await listener.until(({ rows }) => rows.length === told.length);
    expect(keys(listener.rows)).toEqual(keys(told));
    expect(listener.rows[0]).toEqual({ deviceId: 'anna-meter', atMs: told[0]!.atMs, 'grid.powerW': second - 1, 'grid.currentAA': 2 });
  });

  it('goes on after a break where it was, out of the store: nothing is left out and nothing comes twice', async () => {
    const before = await Listener.to(PATH);
    await before.until(({ events }) => events.length > 0);
    const all = [...read(), ...read()];
    await before.until(({ rows }) => rows.length === all.length);
    before.leave();
    for (let seconds = 0; seconds < 30; seconds += 1) all.push(...read());
    // Some of it is in the store, and some still on its way.
    await homes.app.get(TelemetryService).flush();
    for (let seconds = 0; seconds < 3; seconds += 1) all.push(...read());
    const after = await Listener.to(PATH, before.lastId);
    all.push(...read());
    await after.until(({ rows }) => rows.length >= all.length - before.rows.length);
    all.push(...read());
    await after.until(({ rows }) => rows.length >= all.length - before.rows.length);
    await pause(200);
    expect(keys([...before.rows, ...after.rows]).toSorted()).toEqual(keys(all).toSorted());
    for (const device of ['anna-meter', 'anna-pv']) {
      const own = [...before.rows, ...after.rows].filter(({ deviceId }) => deviceId === device).map(({ atMs }) => atMs);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  });

  it('goes on from its beginning where nothing had come before the break', async () => {
    const before = await Listener.to(PATH);
    await before.until(({ events }) => events.length > 0);
    before.leave();
    const missed = read();
    const after = await Listener.to(PATH, before.lastId);
    await after.until(({ rows }) => rows.length >= 2);
    expect(keys(after.rows).toSorted()).toEqual(keys(missed).toSorted());
  });

  it('does not take up the position of another stream, nor begin while the store is away', async () => {
    const wrong = await homes.get(PATH, { headers: { 'last-event-id': '17' } });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ detail: expect.stringMatching(/^Last-Event-ID: is not of a stream of these devices/) });
    const before = await Listener.to(PATH);
    await before.until(({ events }) => events.length > 0);
    vi.spyOn(homes.app.get(ReadingStore), 'samples').mockRejectedValue(new AdapterError('it is away', true));
    expect((await homes.get(PATH, { headers: { 'last-event-id': before.lastId! } })).status).toBe(503);
    expect((await homes.get('/api/readings/live?devices=carl&quantities=grid.powerW')).status).toBe(404);
  });

  it('says how many a slow listener lost, and goes on with the newest', async () => {
    const fleet = homes.app.get(FleetService);
    const asked = { devices: [fleet.device('anna-meter')!], quantities: ['grid.powerW'] as const };
    const gone = new AbortController();
    const events = homes.app.get(TailService).events(asked, undefined, gone.signal);
    expect(await events.next()).toMatchObject({ value: expect.stringContaining('event: open') });
    const firstMs = T0 + (second + 1) * 1_000;
    for (let reads = 0; reads < 2_500; reads += 1) read();
    const dropped = eventOf((await events.next()).value as string);
    expect(dropped).toEqual({ id: undefined, type: 'dropped', data: { samples: 500, fromMs: firstMs, toMs: firstMs + 499_000 } });
    const samples = eventOf((await events.next()).value as string);
    expect(samples.type).toBe('samples');
    expect(samples.data).toHaveLength(2_000);
    expect(samples.data).toContainEqual({ deviceId: 'anna-meter', atMs: T0 + second * 1_000, 'grid.powerW': second });
    gone.abort();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('is not listened for once the listener has gone', async () => {
    const listened = vi.spyOn(ReadingTail.prototype, 'note');
    const listener = await Listener.to(PATH);
    await listener.until(({ events }) => events.length > 0);
    read();
    expect(listened).toHaveBeenCalled();
    listener.leave();
    await until(() => {
      listened.mockClear();
      read();
      expect(listened).not.toHaveBeenCalled();
    });
  });
});
