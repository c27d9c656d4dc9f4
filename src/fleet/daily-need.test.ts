import { describe, expect, it } from 'vitest';
import { momentOf } from '../kernel/local-day.js';
import { HOUR_MS } from '../kernel/units.js';
import { loadIdOf, needWindowAt, needWindows } from './daily-need.js';

const ZONE = 'Europe/Berlin';
const at = (date: string, hour: number, minute = 0): number => momentOf(ZONE, date, hour, minute);
const overnight = { from: '18:30', by: '07:00' };

describe('the time a load has for what it needs', () => {
  it('goes over midnight where it ends before it begins', () => {
    const evening = { startMs: at('2026-06-01', 18, 30), endMs: at('2026-06-02', 7) };
    expect(needWindowAt(overnight, ZONE, at('2026-06-01', 20))).toEqual(evening);
    expect(needWindowAt(overnight, ZONE, at('2026-06-02', 6, 59))).toEqual(evening);
    expect(needWindowAt(overnight, ZONE, at('2026-06-02', 7))).toBeUndefined();
    expect(needWindowAt({ from: '09:00', by: '15:00' }, ZONE, at('2026-06-02', 9))).toEqual({
      startMs: at('2026-06-02', 9),
      endMs: at('2026-06-02', 15),
    });
  });

  it('is all day where it begins when it ends', () => {
    const all = needWindowAt({ from: '07:00', by: '07:00' }, ZONE, at('2026-06-02', 6))!;
    expect(all).toEqual({ startMs: at('2026-06-01', 7), endMs: at('2026-06-02', 7) });
  });

  it('follows the clock on days of 23 and 25 hours', () => {
    const lengths = ['2026-03-28', '2026-10-24'].map((date) => {
      const { startMs, endMs } = needWindowAt(overnight, ZONE, at(date, 23))!;
      return (endMs - startMs) / HOUR_MS;
    });
    expect(lengths).toEqual([11.5, 13.5]);
  });

  it('comes as often as a range is long, each under a name of its own', () => {
    const range = { startMs: at('2026-06-01', 20), endMs: at('2026-06-03', 20) };
    const windows = needWindows(overnight, ZONE, range);
    expect(windows.map(({ startMs }) => startMs)).toEqual(['2026-06-01', '2026-06-02', '2026-06-03'].map((date) => at(date, 18, 30)));
    expect(windows.map((window) => loadIdOf('wallbox', ZONE, window))).toEqual([
      'wallbox@2026-06-01',
      'wallbox@2026-06-02',
      'wallbox@2026-06-03',
    ]);
  });
});
