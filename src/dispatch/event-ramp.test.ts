import { expect, it } from 'vitest';
import { EVENT_RAMP_MS, followedEvent, rampedPowerW } from './event-ramp.js';

it('comes up to an event before its start, is all of it until its end, and goes down after it', () => {
  const event = { startMs: 100_000, endMs: 400_000 };
  const at = (atMs: number): number => rampedPowerW(event, 9_000, atMs);
  expect([at(100_000 - EVENT_RAMP_MS), at(85_000), at(95_000)]).toEqual([0, 5_400, 9_000]);
  expect([at(100_000), at(250_000), at(400_000)]).toEqual([9_000, 9_000, 9_000]);
  expect([at(410_000), at(400_000 + EVENT_RAMP_MS), at(900_000)]).toEqual([6_000, 0, 0]);
});

it('follows the event that runs before one that is near, and of two that are near the one to come', () => {
  const [first, second, third] = [
    { startMs: 100_000, endMs: 200_000 },
    { startMs: 200_000, endMs: 300_000 },
    { startMs: 340_000, endMs: 400_000 },
  ];
  const at = (atMs: number) => followedEvent([first, second, third], atMs);
  expect([at(60_000), at(75_000), at(190_000), at(205_000)]).toEqual([undefined, first, first, second]);
  expect([at(305_000), at(320_000), at(435_000)]).toEqual([second, third, undefined]);
});
