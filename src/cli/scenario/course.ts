import { randomStream } from '../../kernel/random.js';
import { type DurationMs, type EpochMs, SECOND_MS, type Watt } from '../../kernel/units.js';
import type { ReplayRow } from '../../simulator/spec.js';
import type { Course } from './scenario-site.js';

/** A power of a course at a moment counted from the start. */
const courseAt = (course: Course, atMs: DurationMs): Watt => {
  if (typeof course === 'number') return course;
  let powerW: Watt = 0;
  for (const step of course) {
    if (atMs < step.at) break;
    const share = step.over === undefined || step.over === 0 ? 1 : Math.min(1, (atMs - step.at) / step.over);
    powerW += (step.w - powerW) * share;
  }
  return powerW;
};

/** Load and sun as rows of a second each: what the simulator replays of a measured home. */
export const rowsOf = (
  { loadW, sunW, loadNoiseW, seed }: { readonly loadW: Course; readonly sunW: Course; readonly loadNoiseW: Watt; readonly seed: number },
  startMs: EpochMs,
  lengthMs: DurationMs,
): ReplayRow[] => {
  const random = randomStream(seed);
  return Array.from({ length: Math.ceil(lengthMs / SECOND_MS) }, (_, index) => {
    const atMs = index * SECOND_MS;
    const noiseW = loadNoiseW === 0 ? 0 : (2 * random() - 1) * loadNoiseW;
    return {
      startMs: startMs + atMs,
      endMs: startMs + atMs + SECOND_MS,
      loadW: Math.max(0, courseAt(loadW, atMs) + noiseW),
      pvW: courseAt(sunW, atMs),
    };
  });
};
