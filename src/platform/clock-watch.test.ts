import { createSocket, type Socket } from 'node:dgram';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import { AlarmEntity } from './alarm.entity.js';
import { AlarmService } from './alarm.service.js';
import { ManualClock } from './clock.js';
import { ClockWatch } from './clock-watch.js';
import { databaseOptions } from './database.js';
import { SntpTime } from './sntp.js';
import { NoTimeSource } from './time-source.port.js';

const NTP_EPOCH_S = 2_208_988_800;

/** A time server that is `aheadMs` ahead of this computer, over a real socket. */
class TimeServerOnLoopback {
  aheadMs = 0;
  stratum = 2;
  leap = 0;
  /** Says something else than what it was asked. */
  forged = false;
  asked = 0;
  private constructor(private readonly socket: Socket) {}

  static async listening(): Promise<TimeServerOnLoopback> {
    const server = new TimeServerOnLoopback(createSocket('udp4'));
    await new Promise<void>((resolve) => server.socket.bind(0, '127.0.0.1', resolve));
    server.socket.on('message', (request, { port, address }) => {
      server.asked += 1;
      const answer = Buffer.alloc(48);
      answer[0] = (server.leap << 6) | (4 << 3) | 4;
      answer[1] = server.stratum;
      request.copy(answer, 24, 40, 48);
      if (server.forged) answer[30]! ^= 1;
      const now = Date.now() + server.aheadMs;
      for (const at of [32, 40]) {
        answer.writeUInt32BE(Math.floor(now / 1_000) + NTP_EPOCH_S, at);
        answer.writeUInt32BE(Math.floor(((now % 1_000) / 1_000) * 2 ** 32), at + 4);
      }
      server.socket.send(answer, port, address);
    });
    return server;
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.socket.address().port };
  }

  close(): void {
    this.socket.close();
  }
}

/** A clock that was set back and did not follow. */
class HeldClock extends ManualClock {
  aheadMs = 0;
  override aheadOfWallMs(): number {
    return this.aheadMs;
  }
}

const T0 = Date.UTC(2026, 4, 1, 10);

describe('the clock', () => {
  let database: DataSource;
  let alarms: AlarmService;
  let clock: HeldClock;
  let server: TimeServerOnLoopback;
  const standing = async (): Promise<string[]> =>
    (await alarms.newest(9)).filter(({ clearedAtMs }) => clearedAtMs === null).map(({ kind }) => kind);

  beforeEach(async () => {
    database = await new DataSource({ ...databaseOptions({ kind: 'sqlite', file: ':memory:' }), entities: [AlarmEntity] }).initialize();
    await database.runMigrations();
    clock = new HeldClock(T0);
    alarms = new AlarmService(database.getRepository(AlarmEntity), clock);
    server = await TimeServerOnLoopback.listening();
  });
  afterEach(async () => {
    server.close();
    await database.destroy();
  });

  it('is believed where nothing speaks against it', async () => {
    const watch = new ClockWatch(clock, new NoTimeSource(), alarms);
    await watch.look();
    expect(await standing()).toEqual([]);
    expect(watch.wasUnsure({ startMs: T0 - HOUR_MS, endMs: T0 + HOUR_MS })).toBe(false);
  });

  it('is unsure from when it was last seen right until it is right again, and an alarm says so', async () => {
    const watch = new ClockWatch(clock, new NoTimeSource(), alarms);
    await watch.look();
    clock.set(T0 + MINUTE_MS);
    clock.aheadMs = HOUR_MS;
    await watch.look();
    expect((await alarms.newest(1))[0]!.message).toMatch(/3600 s ahead of the right time.*This computer's was set back/);
    clock.set(T0 + 30 * MINUTE_MS);
    clock.aheadMs = 0;
    await watch.look();
    expect(await standing()).toEqual([]);
    const quarter = (i: number) => ({ startMs: T0 + i * 15 * MINUTE_MS, endMs: T0 + (i + 1) * 15 * MINUTE_MS });
    expect([-1, 0, 1, 2].map((i) => watch.wasUnsure(quarter(i)))).toEqual([false, true, true, false]);
  });

  it('is told of for an hour when it leaps ahead, by how much and what goes by which time', async () => {
    const watch = new ClockWatch(clock, new NoTimeSource(), alarms);
    await watch.look();
    clock.leap(5 * MINUTE_MS);
    await watch.look();
    expect((await alarms.newest(1))[0]!.message).toMatch(
      /put forward by 300 s, or it slept: events, limits and the plan go by the new time/,
    );
    clock.set(T0 + HOUR_MS);
    await watch.look();
    expect(await standing()).toEqual(['leapt']);
    clock.set(T0 + HOUR_MS + 5 * MINUTE_MS);
    await watch.look();
    expect(await standing()).toEqual([]);
  });

  it('is held against a time server once an hour', async () => {
    const watch = new ClockWatch(clock, new SntpTime(server.address), alarms);
    for (let minute = 0; minute < 59; minute += 1) {
      clock.set(T0 + minute * MINUTE_MS);
      await watch.look();
    }
    expect([server.asked, await standing()]).toEqual([1, []]);
    server.aheadMs = 30_000;
    clock.set(T0 + HOUR_MS);
    await watch.look();
    expect([server.asked, await standing()]).toEqual([2, ['unsure']]);
    expect((await alarms.newest(1))[0]!.message).toMatch(/30 s behind the right time.*Set the clock of this computer/);
    expect(watch.wasUnsure({ startMs: T0 + HOUR_MS - 1_000, endMs: T0 + HOUR_MS })).toBe(true);
  });

  it.each([
    ['does not know the time itself', () => (server.stratum = 16)],
    ['is not synchronised', () => (server.leap = 3)],
    ['answers something it was not asked', () => (server.forged = true)],
  ])('is not judged by a server that %s', async (_what, spoil) => {
    spoil();
    server.aheadMs = 30_000;
    await new ClockWatch(clock, new SntpTime(server.address), alarms).look();
    expect(await standing()).toEqual(['unchecked']);
  });

  describe('held against the clocks of devices', () => {
    const heard = (watch: ClockWatch, ...aheadMs: number[]): void => {
      for (const [i, ahead] of aheadMs.entries()) watch.heard({ who: `pv-${i}`, aheadMs: ahead });
    };

    it('is unsure where they agree that it is wrong, and sure again once they say so', async () => {
      const watch = new ClockWatch(clock, new NoTimeSource(), alarms);
      heard(watch, 619_500, 620_500, 0);
      await watch.look();
      expect((await alarms.newest(1))[0]!.message).toMatch(/620 s behind the right time by the clocks of its devices.*Set the clock/);
      expect(watch.wasUnsure({ startMs: T0, endMs: T0 + 1 })).toBe(true);
      heard(watch, 400, -300, 0);
      await watch.look();
      expect(await standing()).toEqual([]);
    });

    it('is right by a time server, whatever they say', async () => {
      const watch = new ClockWatch(clock, new SntpTime(server.address), alarms);
      heard(watch, 620_000, 620_000);
      await watch.look();
      expect(await standing()).toEqual([]);
    });

    it('is doubted by one alone that says otherwise: no interval is marked, and somebody is told', async () => {
      const watch = new ClockWatch(clock, new NoTimeSource(), alarms);
      heard(watch, 620_000);
      await watch.look();
      expect(await standing()).toEqual(['doubted']);
      expect((await alarms.newest(1))[0]!.message).toMatch(/^pv-0 has a clock that is 620 s ahead of the plant's/);
      expect(watch.wasUnsure({ startMs: T0, endMs: T0 + HOUR_MS })).toBe(false);
      clock.set(T0 + HOUR_MS);
      await watch.look();
      expect(await standing()).toEqual([]);
    });
  });
});
