import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { SLOT_MS } from '../kernel/interval.js';
import { momentOf } from '../kernel/local-day.js';
import { gaussian, randomStream } from '../kernel/random.js';
import { DAY_MS } from '../kernel/units.js';
import { runBrainNet, trainBrainNet } from './adapters/brain-network.js';
import { featureRow, issueState, scalingOf, standardise } from './features.js';
import { calendarOf, type PowerSeries } from './history.js';
import { DEFAULT_EFFORT } from './network.js';
import { examplesOf, fitNetwork, predict } from './network-fit.js';
import { NAIVE_MODELS } from './seasonal-naive.js';

const ZONE = 'Europe/Berlin';
const START_MS = momentOf(ZONE, '2024-05-01');
const PER_DAY = 96;

/** Days of a made-up home: nights low, mornings and evenings high, weekends otherwise, noise on top. */
const home = (days: number, seed = 1): PowerSeries => {
  const random = randomStream(seed);
  const values = Array.from({ length: days * PER_DAY }, (_, slot) => {
    const hour = (slot % PER_DAY) / 4;
    const weekend = [3, 4].includes(Math.floor(slot / PER_DAY) % 7);
    const shape = 300 + 900 * Math.exp(-((hour - 7) ** 2) / 2) + 1_800 * Math.exp(-((hour - (weekend ? 13 : 19)) ** 2) / 5);
    return Math.max(0, shape * (1 + 0.2 * gaussian(random)));
  });
  return { startMs: START_MS, stepMs: SLOT_MS, values };
};

const taskAt = (series: PowerSeries, issueSlot: number) => ({
  series,
  issueSlot,
  calendar: calendarOf(ZONE, series.startMs, series.stepMs, series.values.length + 300),
});

describe('naive models', () => {
  const stairs: PowerSeries = {
    startMs: START_MS,
    stepMs: SLOT_MS,
    values: Array.from({ length: 20 * PER_DAY }, (_, slot) => Math.floor(slot / PER_DAY)),
  };

  it.each([
    ['yesterday', 19],
    ['last-week', 13],
    ['mean-7d', 16],
    ['median-14d', 12.5],
    ['seasonal-naive', 14.25],
  ])('%s is what it says', (name, expected) => {
    expect(NAIVE_MODELS[name]!(taskAt(stairs, 20 * PER_DAY), 20 * PER_DAY + 5)).toBe(expected);
  });

  it('go one day further back for what had not happened yet', () => {
    expect(NAIVE_MODELS['yesterday']!(taskAt(stairs, 19 * PER_DAY + 40), 20 * PER_DAY + 50)).toBe(18);
  });

  it('leave out what is missing, and say nothing where there is nothing', () => {
    const gaps = { ...stairs, values: stairs.values.map((value) => (value! > 12 ? undefined : value)) };
    expect(NAIVE_MODELS['mean-7d']!(taskAt(gaps, 20 * PER_DAY), 20 * PER_DAY)).toBeUndefined();
    expect(NAIVE_MODELS['seasonal-naive']!(taskAt(gaps, 20 * PER_DAY), 20 * PER_DAY)).toBe(9);
  });
});

describe('no forecast uses what came after its issue', () => {
  const issues = fc.integer({ min: 8 * PER_DAY, max: 15 * PER_DAY });
  test.prop([issues, fc.integer({ min: 0, max: 143 }), fc.integer({ min: 1, max: 9_999 })])(
    'whatever comes then',
    (issueSlot, ahead, seed) => {
      const series = home(17);
      const random = randomStream(seed);
      const otherFuture = { ...series, values: series.values.map((value, slot) => (slot < issueSlot ? value : 9_000 * random())) };
      const rowOf = (one: PowerSeries): unknown =>
        featureRow(taskAt(one, issueSlot), issueState(taskAt(one, issueSlot)), issueSlot + ahead);
      expect(rowOf(otherFuture)).toEqual(rowOf(series));
      for (const model of Object.values(NAIVE_MODELS))
        expect(model(taskAt(otherFuture, issueSlot), issueSlot + ahead)).toEqual(model(taskAt(series, issueSlot), issueSlot + ahead));
    },
  );

  it('nor does a row learn from it', () => {
    const series = home(20);
    for (const { issueSlot, targetSlot, row } of examplesOf(series, ZONE, 3, 200)) {
      const cut = { ...series, values: series.values.slice(0, issueSlot) };
      expect(featureRow(taskAt(cut, issueSlot), issueState(taskAt(cut, issueSlot)), targetSlot)).toEqual(row);
    }
  });
});

describe('scaling', () => {
  it('gives every input a mean of 0 and a spread of 1, and cuts what is far out', () => {
    const rows = [
      [1, 10],
      [3, 10],
    ];
    const scaling = scalingOf(rows);
    expect(rows.map((row) => standardise(row, scaling))).toEqual([
      [-1, 0],
      [1, 0],
    ]);
    expect(standardise([1_000, 10], scaling)).toEqual([4, 0]);
  });
});

describe('the network', () => {
  const effort = { ...DEFAULT_EFFORT, maxRows: 1_500, epochs: 8 };
  const series = home(30);
  const fitted = fitNetwork(series, ZONE, 7, effort, trainBrainNet, runBrainNet)!;
  const ahead = { issuedAtMs: START_MS + 30 * DAY_MS, startMs: START_MS + 30 * DAY_MS, slots: 144 };

  it('is the same for the same seed, also after it was stored', () => {
    const again = fitNetwork(series, ZONE, 7, effort, trainBrainNet, runBrainNet)!;
    expect(again).toEqual(fitted);
    const stored = JSON.parse(JSON.stringify(fitted.network)) as typeof fitted.network;
    expect(predict(series, ZONE, stored, ahead, runBrainNet)).toEqual(predict(series, ZONE, fitted.network, ahead, runBrainNet));
    expect(fitNetwork(series, ZONE, 8, effort, trainBrainNet, runBrainNet)!.network.nets).not.toEqual(fitted.network.nets);
  });

  it('learns what the naive blend cannot know: that weekends are otherwise', () => {
    expect(fitted.network.trust).toBeGreaterThan(0);
    const noiseless = home(33, 1);
    const error = (network: typeof fitted.network | undefined): number => {
      const powersW = predict(series, ZONE, network, ahead, runBrainNet)!;
      return powersW.reduce((sum, powerW, slot) => sum + Math.abs(powerW - noiseless.values[30 * PER_DAY + slot]!), 0);
    };
    expect(error(fitted.network)).toBeLessThan(0.97 * error(undefined));
  });

  it('never goes below nothing, and leaves the night dark', () => {
    const sun = { ...series, values: series.values.map((value, slot) => (slot % PER_DAY < 24 || slot % PER_DAY > 80 ? 0 : value)) };
    const network = fitNetwork(sun, ZONE, 7, effort, trainBrainNet, runBrainNet)!.network;
    const powersW = predict(sun, ZONE, network, ahead, runBrainNet)!;
    expect(Math.min(...powersW)).toBeGreaterThanOrEqual(0);
    expect(powersW.slice(0, 24).every((powerW) => powerW === 0)).toBe(true);
  });

  it('is not trained on a few days, and predicts nothing from no past', () => {
    expect(fitNetwork(home(6), ZONE, 1, effort, trainBrainNet, runBrainNet)).toBeUndefined();
    expect(
      predict({ ...series, values: [] }, ZONE, undefined, { ...ahead, startMs: START_MS, issuedAtMs: START_MS }, runBrainNet),
    ).toBeUndefined();
  });

  it('goes through the days on which the clocks change', () => {
    for (const date of ['2024-03-31', '2024-10-27']) {
      const startMs = momentOf(ZONE, date) - 30 * DAY_MS;
      const moved = { ...series, startMs };
      const powersW = predict(
        moved,
        ZONE,
        fitted.network,
        { issuedAtMs: startMs + 30 * DAY_MS, startMs: startMs + 30 * DAY_MS, slots: 144 },
        runBrainNet,
      )!;
      expect(powersW).toHaveLength(144);
      expect(powersW.every(Number.isFinite)).toBe(true);
    }
  });
});
