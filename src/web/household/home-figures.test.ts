import { fc, test } from '../../../test/prop.js';
import { describe, expect, it } from 'vitest';

import type { EnergyDay, HomeEvent, Statement } from '../api/household-types.js';
import { barsOf, earnedIn, eventStory, flowLine, isSameReading, sayingsOf } from './home-figures.js';

const day = (over: Partial<EnergyDay>): EnergyDay => ({
  date: '2026-06-10',
  quality: 'measured',
  producedQuality: 'measured',
  missingSlots: 0,
  ...over,
});
const event = (over: Partial<HomeEvent>): HomeEvent => ({
  id: 'EV-1',
  startMs: 0,
  endMs: 1,
  state: 'settled',
  takesPart: true,
  slots: [],
  ...over,
});

describe('a home in plain words', () => {
  it('says what happens at noon: the roof feeds home, battery and grid', () => {
    const noon = sayingsOf({ powersW: { pv: 4_600, battery: -1_800, grid: -1_900 }, loadW: 900 });
    expect(noon.map(({ id, powerW }) => [id, powerW])).toEqual([
      ['say.sun', 4_600],
      ['say.load', 900],
      ['say.charging', 1_800],
      ['say.exporting', 1_900],
    ]);
  });

  it('says nothing of what it does not know, and calls noise stillness', () => {
    expect(sayingsOf({ powersW: { grid: 12, pv: -4 } }).map(({ id }) => id)).toEqual(['say.dark', 'say.balanced']);
    expect(flowLine('grid', undefined)).toMatchObject({ width: 0 });
    expect(flowLine('grid', -2_000)).toMatchObject({ toHome: false });
  });

  it('tells each event by how it went', () => {
    expect(eventStory(event({ state: 'cancelled' }))).toBe('story.cancelled');
    expect(eventStory(event({ takesPart: false }))).toBe('story.out');
    expect(eventStory(event({ state: 'active' }))).toBe('story.now');
    expect(eventStory(event({ state: 'ended' }))).toBe('story.counting');
    expect(eventStory(event({ earnedMicro: 840_000 }))).toBe('story.helped');
    expect(eventStory(event({ earnedMicro: 0 }))).toBe('story.nothing');
    expect(eventStory(event({ earnedMicro: 0, slots: [{ startMs: 0, endMs: 1, quality: 'estimated' }] }))).toBe('story.unpaid');
  });

  it('draws no bar for a day it knows nothing of', () => {
    const { bars, topWh } = barsOf([day({ producedWh: 9_000, consumedWh: 4_000 }), day({ quality: 'missing' })]);
    expect(bars.map(({ energyWh }) => energyWh)).toEqual([9_000, 4_000, undefined, undefined]);
    expect(topWh).toBe(9_000);
  });

  it('takes a proof for what it proves', () => {
    const row = { startMs: 0, endMs: 60_000, channel: 'grid', quality: 'measured' as const, toBusWh: 51.3004, fromBusWh: 0 };
    expect(isSameReading({ ...row, toBusWh: 51.3 }, row)).toBe(true);
    expect(isSameReading({ ...row, toBusWh: 51.4 }, row)).toBe(false);
    expect(isSameReading({ ...row, startMs: 60_000, endMs: 120_000 }, row)).toBe(false);
    expect(isSameReading({ ...row, channel: 'pv' }, row)).toBe(false);
    expect(isSameReading({ ...row, fromBusWh: undefined }, row)).toBe(false);
  });
});

const anyLine = fc.record({
  kind: fc.constantFrom('feed-in' as const, 'event' as const, 'adjustment' as const),
  amountMicro: fc.integer({ min: -5_000_000, max: 5_000_000 }),
});
const statementOf = (lines: { kind: Statement['lines'][number]['kind']; amountMicro: number }[]): Statement => ({
  id: 'S',
  date: '2026-06-10',
  currency: 'EUR',
  issuedAtMs: 0,
  state: 'issued',
  totalMicro: lines.reduce((total, { amountMicro }) => total + amountMicro, 0),
  lines: lines.map((line) => ({ ...line, text: '', arithmetic: '', energyWh: 0, priceMicroPerKwh: 0 })),
});

test.prop([fc.array(fc.array(anyLine).map(statementOf))])('what was earned is the sum of its kinds, to the last unit', (statements) => {
  const { feedInMicro, eventMicro, adjustmentMicro, totalMicro } = earnedIn(statements);
  expect(feedInMicro + eventMicro + adjustmentMicro).toBe(totalMicro);
});

test.prop([fc.double({ min: -1e7, max: 1e7, noNaN: true })])('no line outgrows the diagram', (powerW) => {
  expect(flowLine('pv', powerW).width).toBeGreaterThanOrEqual(0);
  expect(flowLine('pv', powerW).width).toBeLessThanOrEqual(11);
});
