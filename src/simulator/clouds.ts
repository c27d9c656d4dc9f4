import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import { noiseAt, smoothNoise } from './noise.js';

/** Three days in ten are clear, as many mixed, and the others grey. */
const dayCloudiness = (skySeed: number, day: number): number => {
  const draw = noiseAt(skySeed ^ 0x51ed, day);
  const within = noiseAt(skySeed ^ 0x2b17, day);
  if (draw < 0.3) return 0.25 * within;
  return draw < 0.6 ? 0.3 + 0.35 * within : 0.7 + 0.3 * within;
};

/** Share of the sky that is covered, 0–1: the day's own weather, drifting over hours. One sky for all who share the seed. */
export const cloudCover = (skySeed: number, atMs: EpochMs): number => {
  const day = atMs / DAY_MS;
  const today = Math.floor(day);
  // The weather of a day turns into that of the next during the UTC night.
  const turned = Math.min(1, Math.max(0, (day - today - 0.85) / 0.15));
  const base = dayCloudiness(skySeed, today) * (1 - turned) + dayCloudiness(skySeed, today + 1) * turned;
  const drift = smoothNoise(skySeed ^ 0x77aa, atMs / (2.5 * HOUR_MS)) - 0.5;
  return Math.min(1, Math.max(0, base + 0.35 * drift));
};

/**
 * What clouds leave of the clear sky's power, 0–1. On the mean 1 − 0.75·N^3.4 of the covered share N (Kasten and Czeplak,
 * Solar Energy 24, 1980); under a broken sky single clouds pass, over each site at its own time.
 */
export const clearSkyShare = (skySeed: number, siteSeed: number, atMs: EpochMs): number => {
  const cover = cloudCover(skySeed, atMs);
  const mean = 1 - 0.75 * cover ** 3.4;
  const broken = Math.max(0, 1 - Math.abs(cover - 0.5) / 0.45);
  if (broken === 0) return mean;
  const passing = smoothNoise(siteSeed ^ 0x0c10, atMs / (4 * MINUTE_MS));
  const shaded = Math.min(1, Math.max(0, (passing - (1 - cover) * 0.9) / 0.15));
  return mean * (1 - 0.65 * broken * shaded);
};

/** How sunny a stretch of time is: the mean share of the clear sky's power that the clouds leave. */
export const meanClearness = (skySeed: number, startMs: EpochMs, endMs: EpochMs): number => {
  let sum = 0;
  let count = 0;
  for (let at = startMs; at < endMs; at += 15 * MINUTE_MS) {
    sum += clearSkyShare(skySeed, skySeed, at);
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
};
