import { afterEach, beforeEach, vi } from 'vitest';
import { ManualClock } from '../platform/clock.js';
import { type RunningFleet, startFleet, type VirtualSite } from '../simulator/index.js';
import { deviceCommand } from './device.js';

const NOON = Date.UTC(2025, 5, 21, 11);

/** `vpp device` in front of virtual hardware that stands at noon of a June day. */
export interface DeviceBench {
  readonly clock: ManualClock;
  readonly fleet: RunningFleet;
  /** What was said on standard output and standard error, a line each. */
  readonly said: string[];
  readonly address: (siteId: string) => string;
  readonly vpp: (...words: string[]) => Promise<unknown>;
  /** The last line, as JSON. */
  readonly answer: () => Record<string, unknown>;
}

/** Sets a bench up before each test of the suite it is called in, and takes it down. */
export const deviceBench = (sites: readonly VirtualSite[]): (() => DeviceBench) => {
  let bench: DeviceBench;
  beforeEach(async () => {
    const clock = new ManualClock(NOON);
    const fleet = await startFleet(sites, { now: () => clock.now(), ticks: 'caller' });
    clock.set(NOON + 60_000);
    fleet.tick(clock.now());
    const said: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
    vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line));
    bench = {
      clock,
      fleet,
      said,
      address: (siteId) => `127.0.0.1:${fleet.addresses.get(siteId)!.port}`,
      vpp: (...words) => deviceCommand().parseAsync(words, { from: 'user' }),
      answer: () => JSON.parse(said.at(-1)!) as Record<string, unknown>,
    };
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
    await bench.fleet.stop();
  });
  return () => bench;
};
