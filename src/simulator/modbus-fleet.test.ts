import { createConnection, createServer, type AddressInfo } from 'node:net';
import { fc, test } from '../../test/prop.js';
import { describe, expect, it, vi } from 'vitest';
import { BadInput } from '../kernel/errors.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { type FleetState, startFleet } from './modbus-fleet.js';
import { generatorSite, home, JUNE_MORNING_MS } from './sites.fixture.js';
import { afterThisTest, bench, exceptionOf, WireClient } from './wire.fixture.js';

describe('what the wire refuses', () => {
  it('answers with the exceptions of the standard', async () => {
    const { client } = await bench(home());
    expect(await exceptionOf(client.holding(9, 40_000, 2))).toBe(11);
    expect(await exceptionOf(client.holding(2, 39_990, 2))).toBe(2);
    expect(await exceptionOf(client.holding(2, 45_000, 2))).toBe(2);
    expect(await exceptionOf(client.input(2, 40_000, 2))).toBe(2);
    const limit = await client.addressOf(2, 123, 'WMaxLimPct');
    expect(await exceptionOf(client.writeOne(2, limit, 12_000))).toBe(3);
    expect(await exceptionOf(client.writeOne(2, await client.addressOf(2, 103, 'W'), 1))).toBe(2);
    expect(await exceptionOf(client.writeOne(2, await client.addressOf(2, 121, 'WMax'), 1))).toBe(3);
    expect((await client.model(2, 123)).values['WMaxLimPct']).toBe(100);
  });

  it('takes a block of registers whole or not at all', async () => {
    const { client } = await bench(home());
    const at = await client.addressOf(2, 123, 'WMaxLimPct');
    expect(await exceptionOf(client.write(2, at, [5_000, 0, 60, 0, 7]))).toBe(3);
    expect((await client.model(2, 123)).values).toMatchObject({ WMaxLimPct: 100, WMaxLimPct_RvrtTms: 0, WMaxLim_Ena: 0 });
  });

  it('reads frames that come in pieces, and hangs up on what is no Modbus', async () => {
    const { fleet } = await bench(home());
    const { host, port } = fleet.addresses.get('home')!;
    const socket = createConnection({ host, port });
    const request = Buffer.from([0, 7, 0, 0, 0, 6, 2, 3, 0x9c, 0x40, 0, 2]);
    const answer = new Promise<Buffer>((resolve) => {
      socket.once('data', resolve);
    });
    socket.write(request.subarray(0, 5));
    setImmediate(() => socket.write(request.subarray(5)));
    expect([...(await answer)]).toEqual([0, 7, 0, 0, 0, 7, 2, 3, 4, 0x53, 0x75, 0x6e, 0x53]);
    const closed = new Promise((resolve) => {
      socket.once('close', resolve);
    });
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await closed;
  });
});

describe('the server', () => {
  test.prop([fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.boolean()], { numRuns: 60 })(
    'survives whatever it is sent',
    async (bytes, framed) => {
      const fleet = await startFleet([home()], { now: () => JUNE_MORNING_MS, ticks: 'caller' });
      try {
        const address = fleet.addresses.get('home')!;
        const socket = createConnection(address);
        socket.on('error', () => undefined);
        const pdu = bytes.subarray(0, 252);
        const frame = framed ? Buffer.concat([Buffer.from([0, 1, 0, 0, 0, pdu.length + 1, 2]), pdu]) : bytes;
        await new Promise<void>((resolve) => {
          socket.once('data', () => resolve());
          socket.once('close', () => resolve());
          socket.end(frame);
        });
        socket.destroy();
        const client = await WireClient.connect(address);
        expect(await client.holding(2, 40_000, 2)).toEqual([0x5375, 0x6e53]);
        await client.close();
      } finally {
        await fleet.stop();
      }
    },
  );
});

describe('faults', () => {
  const offline = { kind: 'offline', deviceId: 'home-pv', afterMs: 10 * SECOND_MS, forMs: 20 * SECOND_MS } as const;

  it('take a device away for a while, and only that one', async () => {
    const { client, pass } = await bench(home({ faults: [offline] }));
    expect(await exceptionOf(client.holding(2, 40_000, 2))).toBe('no exception');
    pass(15);
    expect(await exceptionOf(client.holding(2, 40_000, 2))).toBe(11);
    expect(await exceptionOf(client.holding(1, 40_000, 2))).toBe('no exception');
    pass(15);
    expect(await exceptionOf(client.holding(2, 40_000, 2))).toBe('no exception');
  });

  it('or without a word', async () => {
    const { client } = await bench(home({ faults: [{ ...offline, afterMs: 0, answer: 'silence' }] }));
    expect(await exceptionOf(client.holding(2, 40_000, 2))).toMatch(/timed out/i);
  });

  it('leave gaps in a meter now and then', async () => {
    const { client, pass } = await bench(
      home({ faults: [{ kind: 'meter-gaps', deviceId: 'home-meter', everyMs: MINUTE_MS, forMs: 10 * SECOND_MS }] }),
    );
    const seen = new Map<number | string, number>();
    for (let second = 0; second < 240; second += 1) {
      pass(1);
      const answer = await exceptionOf(client.holding(1, 40_000, 2));
      seen.set(answer, (seen.get(answer) ?? 0) + 1);
    }
    expect(new Set(seen.keys())).toEqual(new Set([4, 'no exception']));
    expect(seen.get(4)).toBeGreaterThanOrEqual(30);
    expect(seen.get(4)).toBeLessThanOrEqual(50);
  });

  it('can be sent in later', async () => {
    const { client, fleet, pass } = await bench(home());
    pass(100);
    fleet.inject('home', { ...offline, afterMs: 0 });
    expect(await exceptionOf(client.holding(2, 40_000, 2))).toBe(11);
    pass(20);
    expect(await exceptionOf(client.holding(2, 40_000, 2))).toBe('no exception');
  });

  it('make a generator fail to start', async () => {
    const fails = { kind: 'start-fails', deviceId: 'genset', afterMs: 0, forMs: HOUR_MS } as const;
    const { client, pass } = await bench({ ...generatorSite(), faults: [fails] });
    await client.write(2, 200, [1, 0, 12_000, 400]);
    pass(40);
    expect(await client.holding(2, 100, 1)).toEqual([4]);
  });

  it('are what a gap of replayed rows looks like on the wire', async () => {
    const row = (hour: number) => ({
      startMs: JUNE_MORNING_MS + hour * HOUR_MS,
      endMs: JUNE_MORNING_MS + (hour + 1) * HOUR_MS,
      loadW: 400,
      pvW: 1_000,
    });
    const { client, pass, fleet } = await bench(home({ load: { kind: 'replay', rows: [row(-1), row(0), row(2)] } }));
    expect(await exceptionOf(client.holding(1, 40_000, 2))).toBe('no exception');
    fleet.tick(JUNE_MORNING_MS + HOUR_MS);
    pass(0);
    fleet.tick(JUNE_MORNING_MS + HOUR_MS + 10 * SECOND_MS);
    expect([await exceptionOf(client.holding(1, 40_000, 2)), await exceptionOf(client.holding(2, 40_000, 2))]).toEqual([4, 4]);
    expect(await exceptionOf(client.holding(3, 40_000, 2))).toBe('no exception');
    expect(fleet.truth('home', JUNE_MORNING_MS + HOUR_MS, JUNE_MORNING_MS + HOUR_MS + MINUTE_MS)).toEqual({
      loadW: undefined,
      pvAvailableW: undefined,
    });
    expect(fleet.truth('home', JUNE_MORNING_MS, JUNE_MORNING_MS + MINUTE_MS)).toEqual({ loadW: 400, pvAvailableW: 1_000 });
  });
});

describe('a fleet', () => {
  it('says which port is taken, and leaves nothing running', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    afterThisTest(() => new Promise((resolve) => other.close(() => resolve())));
    const { port } = other.address() as AddressInfo;
    const sites = [home({ id: 'free' }), home({ id: 'taken', port })];
    const refused = await startFleet(sites, { now: () => JUNE_MORNING_MS }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(BadInput);
    expect((refused as BadInput).faults).toEqual([expect.stringMatching(new RegExp(`^port ${port} on 127.0.0.1 is taken`))]);
  });

  it('refuses devices that cannot be told apart', async () => {
    const twins = home({ meter: { id: 'home-meter', unitId: 2, map: 'sunspec-203' } });
    await expect(startFleet([twins], { now: () => JUNE_MORNING_MS })).rejects.toThrow(/home-meter and home-pv share/);
  });

  it('moves by itself on full seconds', async () => {
    const realStart = performance.now();
    const now = (): number => Math.round(JUNE_MORNING_MS + 600 + performance.now() - realStart);
    const { fleet } = await bench(home(), { now, ticks: 'own' });
    expect(fleet.stateOf('home').atMs).toBe(JUNE_MORNING_MS);
    await expect.poll(() => fleet.stateOf('home').atMs).toBe(JUNE_MORNING_MS + SECOND_MS);
  });

  it('goes on where it stopped: setpoints, charge and counters, across the time in between', async () => {
    const first = await bench(home());
    first.pass(120);
    await first.client.write(2, await first.client.addressOf(2, 123, 'WMaxLimPct'), [2_000, 0, 600, 0, 1]);
    first.pass(10);
    const saved = JSON.parse(JSON.stringify(first.fleet.saveState())) as FleetState;
    await first.fleet.stop();

    const soon = await bench(home(), { restore: saved }, saved.atMs + 60 * SECOND_MS);
    expect(soon.fleet.stateOf('home').atMs).toBe(saved.atMs + 60 * SECOND_MS);
    expect((await soon.client.model(2, 123)).values['WMaxLim_Ena']).toBe(1);
    expect(soon.fleet.stateOf('home').pv!.producedWh - saved.sites[0]!.pv!.producedWh).toBeCloseTo(1_000 / 60, 1);

    const later = await bench(home(), { restore: saved }, saved.atMs + 3 * DAY_MS);
    const { pv, atMs, controls } = later.fleet.stateOf('home');
    expect(atMs).toBe(saved.atMs + 3 * DAY_MS);
    expect(controls['home-pv']!.values['123.WMaxLim_Ena']).toBe(0);
    const daily = (pv!.producedWh - saved.sites[0]!.pv!.producedWh) / 3;
    expect(daily).toBeGreaterThan(2_000);
    expect(daily).toBeLessThan(40_000);
  });

  it('tells of what it took, and of nothing that it refused or was only asked', async () => {
    const onWrite = vi.fn<() => void>();
    const { client } = await bench(home(), { onWrite });
    const limit = await client.addressOf(2, 123, 'WMaxLimPct');
    expect(await exceptionOf(client.writeOne(2, limit, 12_000))).toBe(3);
    expect(onWrite).not.toHaveBeenCalled();
    await client.writeOne(2, limit, 2_000);
    expect(onWrite).toHaveBeenCalledTimes(1);
  });

  it('does not take energy back when the clock was set back', async () => {
    const first = await bench(home());
    first.pass(60);
    const saved = first.fleet.saveState();
    const again = await bench(home(), { restore: saved }, JUNE_MORNING_MS - HOUR_MS);
    expect(again.fleet.stateOf('home').pv!.producedWh).toBeGreaterThanOrEqual(saved.sites[0]!.pv!.producedWh);
    expect(again.fleet.stateOf('home').atMs).toBe(JUNE_MORNING_MS - HOUR_MS);
  });
});
