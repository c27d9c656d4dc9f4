import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { gaussian, randomStream } from '../kernel/random.js';
import { HOUR_MS } from '../kernel/units.js';
import { type CourseTask, drawCourses } from './courses.js';
import type { ForecastSlot } from './forecast.js';
import type { SiteHistory } from './history.js';

const START_MS = Date.UTC(2024, 0, 1);

/** Whole days of hourly load, by day and hour; no sun. */
const historyOf = (days: number, hours: number, loadW: (day: number, hour: number) => number | undefined): SiteHistory => {
  const values = Array.from({ length: 24 * days + hours }, (_, slot) => loadW(Math.floor(slot / 24), slot % 24));
  const series = { startMs: START_MS, stepMs: HOUR_MS, values };
  return { load: series, pv: { ...series, values: values.map((value) => value && 0) } };
};

const slot = (startMs: number, meanW: number, spreadW?: number): ForecastSlot => ({
  startMs,
  endMs: startMs + HOUR_MS,
  loadW: meanW,
  pvW: 0,
  ...(spreadW === undefined ? {} : { load: { p10W: Math.max(0, meanW - spreadW), p50W: meanW, p90W: meanW + spreadW } }),
});

const taskOf = (history: SiteHistory, slotOf: (startMs: number) => ForecastSlot, more: Partial<CourseTask> = {}): CourseTask => {
  const issuedAtMs = START_MS + history.load.values.length * HOUR_MS;
  const slots = Array.from({ length: 24 }, (_, ahead) => slotOf(issuedAtMs + ahead * HOUR_MS));
  const forecast = { siteId: 'home', issuedAtMs, loadModel: 'mixture' as const, pvModel: 'mixture' as const, slots };
  return { history, forecast, zone: 'UTC', count: 10, seed: 1, ...more };
};

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('courses', () => {
  it('are past days whose hours hang together, where the forecast says no more than a value', () => {
    // A day is busy or idle as a whole.
    const courses = drawCourses(
      taskOf(
        historyOf(30, 0, (day) => (day % 2 === 0 ? 2_000 : 200)),
        (startMs) => slot(startMs, 1_100),
      ),
    );
    expect(courses).toHaveLength(10);
    expect(courses.every(({ loadW }) => new Set(loadW).size === 1)).toBe(true);
    expect(new Set(courses.map(({ loadW }) => loadW[0]))).toEqual(new Set([200, 2_000]));
  });

  it('are of days that began as today did', () => {
    const history = historyOf(30, 12, (day, hour) => (day % 3 === 0 || day === 30 ? 2_000 : 200) + hour);
    const courses = drawCourses(taskOf(history, (startMs) => slot(startMs, 800)));
    expect(courses.filter(({ loadW }) => loadW[0]! >= 2_000).length).toBeGreaterThanOrEqual(9);
  });

  it('listen to what is measured now', () => {
    const history = historyOf(30, 12, (day, hour) => (hour >= 12 && day % 3 === 0 ? 3_000 : 200));
    const of = (loadW: number) =>
      mean(
        drawCourses(taskOf(history, (startMs) => slot(startMs, 1_000), { present: { loadW, pvW: 0 } })).map(
          ({ loadW: course }) => course[1]!,
        ),
      );
    expect(of(3_000)).toBeGreaterThan(of(200) + 500);
  });

  it('lie half of the way from past days to the forecast’s quantiles', () => {
    const random = randomStream(3);
    const history = historyOf(40, 0, () => Math.max(0, 1_000 + 100 * gaussian(random)));
    const courses = drawCourses(taskOf(history, (startMs) => slot(startMs, 3_000, 500), { count: 40 }));
    const values = courses.map(({ loadW }) => loadW[5]!).toSorted((a, b) => a - b);
    expect(mean(values)).toBeGreaterThan(1_900);
    expect(mean(values)).toBeLessThan(2_150);
    expect(values[35]! - values[4]!).toBeGreaterThan(400);
  });

  it('keep sun and load to the same day', () => {
    const history = historyOf(30, 0, (day) => (day % 2 === 0 ? 2_000 : 200));
    const pv = { ...history.load, values: history.load.values.map((value) => 3_000 - value!) };
    const courses = drawCourses(taskOf({ ...history, pv }, (startMs) => slot(startMs, 1_100)));
    expect(courses.every(({ loadW, pvW }) => loadW.every((powerW, at) => pvW[at]! + powerW === 3_000))).toBe(true);
  });

  it('look a day further back where yesterday has not been yet', () => {
    const history = historyOf(10, 0, (day) => 100 * day);
    const task = taskOf(history, (startMs) => slot(startMs, 500), { count: 30 });
    const forecast = { ...task.forecast, slots: [...task.forecast.slots, slot(task.forecast.slots.at(-1)!.endMs, 500)] };
    const courses = drawCourses({ ...task, forecast });
    expect(courses.every(({ loadW }) => loadW.every((powerW) => powerW >= 0 && powerW <= 900))).toBe(true);
    expect(courses[0]!.loadW).toHaveLength(25);
  });

  it('are on local time across a change of the clocks', () => {
    const startMs = Date.UTC(2024, 2, 1) - HOUR_MS;
    const slots = 24 * 31;
    const series = { startMs, stepMs: HOUR_MS, values: [] as number[] };
    const localHour = (atMs: number): number => new Date(atMs + (atMs >= Date.UTC(2024, 2, 31, 1) ? 2 : 1) * HOUR_MS).getUTCHours();
    for (let at = 0; at < slots; at += 1) series.values.push(localHour(startMs + at * HOUR_MS));
    const history = { load: series, pv: { ...series, values: series.values.map(() => 0) } };
    const issuedAtMs = startMs + slots * HOUR_MS;
    const ahead = Array.from({ length: 24 }, (_, at) => slot(issuedAtMs + at * HOUR_MS, 0));
    const forecast = { siteId: 'home', issuedAtMs, loadModel: 'flat' as const, pvModel: 'flat' as const, slots: ahead };
    const [course] = drawCourses({ history, forecast, zone: 'Europe/Berlin', count: 1, seed: 1 });
    expect(course!.loadW).toEqual(ahead.map(({ startMs: atMs }) => localHour(atMs)));
  });

  it('are none of a site that has no past', () => {
    expect(
      drawCourses(
        taskOf(
          historyOf(1, 3, () => 500),
          (startMs) => slot(startMs, 500),
        ),
      ),
    ).toEqual([]);
    expect(
      drawCourses(
        taskOf(
          historyOf(0, 0, () => 500),
          (startMs) => slot(startMs, 500),
        ),
      ),
    ).toEqual([]);
  });

  const powers = fc.array(fc.option(fc.integer({ min: 0, max: 9_000 }), { nil: undefined }), { minLength: 0, maxLength: 24 * 12 });
  test.prop([powers, fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 3_000 }), fc.integer()])(
    'are as many as asked for or none, whole, never below 0, and the same again',
    (values, count, spreadW, seed) => {
      const history = historyOf(0, values.length, (day, hour) => values[24 * day + hour]);
      const task = taskOf(history, (startMs) => slot(startMs, 1_000, spreadW), { count, seed });
      const courses = drawCourses(task);
      expect([0, count]).toContain(courses.length);
      expect(
        courses.every(({ loadW, pvW }) => [loadW, pvW].every((course) => course.length === 24 && course.every((powerW) => powerW >= 0))),
      ).toBe(true);
      expect(drawCourses(task)).toEqual(courses);
    },
  );
});
