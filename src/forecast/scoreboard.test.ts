import { describe, expect, it } from 'vitest';
import { BRAIN_NETS } from './adapters/brain-network.js';
import { home, learnt, START_MS, taskOf } from './market.fixture.js';
import { dayScores, scoreRows } from './scoreboard.js';
import { DAY_MS } from '../kernel/units.js';

describe('the scoreboard', () => {
  const models = learnt(home(40));
  const days = dayScores(taskOf(home(43)), models, 0, BRAIN_NETS);

  it('scores whole days after the training, from the issue at their midnight and from the one before', () => {
    expect(days.map(({ dayStartMs }) => (dayStartMs - START_MS) / DAY_MS)).toEqual([40, 41, 42]);
    expect(Object.keys(days[0]!.horizons)).toEqual(['0-6h', '6-24h']);
    expect(Object.keys(days[1]!.horizons).toSorted()).toEqual(['0-6h', '24-48h', '6-24h']);
    expect(days[1]!.horizons['6-24h']!['mixture']!.slots).toBe(18);
  });

  it('adds days up, the best model first, with skill against "as a week ago"', () => {
    const rows = scoreRows(days.map(({ horizons }) => horizons)).filter(({ horizon }) => horizon === '6-24h');
    expect(rows.map(({ maeW }) => maeW)).toEqual(rows.map(({ maeW }) => maeW).toSorted((a, b) => a - b));
    const of = (name: string) => rows.find(({ model }) => model === name)!;
    expect(of('last-week').skill).toBe(0);
    expect(of('mixture').skill).toBeCloseTo(1 - of('mixture').maeW / of('last-week').maeW, 9);
    expect(of('mixture').slots).toBe(54);
  });

  it('scores nothing that models had learnt from', () => {
    expect(dayScores(taskOf(home(40)), models, 0, BRAIN_NETS)).toEqual([]);
    expect(scoreRows([])).toEqual([]);
  });
});
