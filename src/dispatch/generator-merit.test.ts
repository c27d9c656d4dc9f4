import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { type BatteriesBeside, type GeneratorOffer, lowerGenerators, raiseGenerators } from './generator-merit.js';

const offer = (deviceId: string, more: Partial<GeneratorOffer> = {}): GeneratorOffer => ({
  deviceId,
  baseW: 0,
  minW: 3_000,
  maxW: 10_000,
  runs: false,
  isWarm: more.runs ?? false,
  givesW: more.runs ? 3_000 : 0,
  mayStart: true,
  mayStop: true,
  costMicroPerKwh: 300_000,
  ...more,
});
/** Batteries that could give so much back, and bear all that is too little for an engine. */
const slack = (slackW: number): BatteriesBeside => ({ slackW, bearW: Infinity });
const outputs = (told: ReadonlyMap<string, number>): Record<string, number> => Object.fromEntries(told);

describe('more from generators', () => {
  const dear = offer('dear', { costMicroPerKwh: 400_000 });
  const cheap = offer('cheap');

  it('comes from those that run, and then from the cheapest', () => {
    expect(outputs(raiseGenerators(12_000, [dear, cheap], slack(5_000)))).toEqual({ cheap: 10_000, dear: 3_000 });
    const running = offer('dear', { costMicroPerKwh: 400_000, runs: true });
    expect(outputs(raiseGenerators(4_000, [cheap, running], slack(0)))).toEqual({ cheap: 0, dear: 4_000 });
  });

  it('is not more than is asked for: where one gives its least others go down to theirs', () => {
    const full = offer('full', { runs: true, givesW: 10_000 });
    const idle = offer('idle', { runs: true });
    expect(outputs(raiseGenerators(12_000, [idle, full], slack(0)))).toEqual({ full: 9_000, idle: 3_000 });
    expect(outputs(raiseGenerators(5_000, [idle, full], slack(0)))).toEqual({ full: 5_000, idle: 0 });
  });

  it('is asked of one more engine where those that run could go down for it, and they do once it is warm', () => {
    const running = offer('running', { runs: true, givesW: 10_000 });
    expect(outputs(raiseGenerators(12_000, [running, offer('next')], slack(0)))).toEqual({ running: 10_000, next: 3_000 });
    const warmsUp = offer('next', { runs: true, isWarm: false, givesW: 0, costMicroPerKwh: 200_000 });
    expect(outputs(raiseGenerators(12_000, [warmsUp, running], slack(0)))).toEqual({ running: 10_000, next: 3_000 });
    expect(outputs(raiseGenerators(12_000, [{ ...warmsUp, isWarm: true }, running], slack(0)))).toEqual({ next: 9_000, running: 3_000 });
  });

  it('is not asked of one that may not start, that would give too much, or for too little', () => {
    expect(outputs(raiseGenerators(4_000, [offer('a', { mayStart: false })], slack(0)))).toEqual({ a: 0 });
    expect(outputs(raiseGenerators(2_000, [cheap], slack(500)))).toEqual({ cheap: 0 });
    expect(outputs(raiseGenerators(2_000, [cheap], slack(1_000)))).toEqual({ cheap: 3_000 });
    expect(outputs(raiseGenerators(1_000, [cheap], slack(9_000)))).toEqual({ cheap: 0 });
    expect(outputs(raiseGenerators(4_000, [offer('a', { maxW: 2_000 })], slack(9_000)))).toEqual({ a: 0 });
  });

  it('is asked of one for little too, where batteries could not bear it', () => {
    const besides = (needW: number, bearW: number) => outputs(raiseGenerators(needW, [cheap], { slackW: 9_000, bearW }))['cheap'];
    expect([besides(1_000, 1_000), besides(1_000, 500), besides(150, 0)]).toEqual([0, 3_000, 0]);
  });

  it('goes on from one that runs while others could only just do without it, as long as they give way', () => {
    const running = offer('a', { runs: true });
    const at = (needW: number, slackW: number) => outputs(raiseGenerators(needW, [running], slack(slackW)))['a'];
    expect([at(-500, 9_000), at(-1_000, 9_000), at(-500, 3_000)]).toEqual([3_000, 0, 0]);
    expect(outputs(raiseGenerators(-500, [offer('a')], slack(9_000)))).toEqual({ a: 0 });
  });
});

describe('less from generators', () => {
  const running = (deviceId: string, more: Partial<GeneratorOffer>) => offer(deviceId, { runs: true, baseW: 6_000, ...more });

  it('comes from the dearest, which stops where all of it is to go and it may', () => {
    const dear = running('dear', { costMicroPerKwh: 400_000 });
    expect(outputs(lowerGenerators(8_000, [running('cheap', {}), dear]))).toEqual({ dear: 0, cheap: 4_000 });
    expect(outputs(lowerGenerators(8_000, [running('held', { mayStop: false })]))).toEqual({ held: 3_000 });
    expect(outputs(lowerGenerators(4_500, [running('a', {})]))).toEqual({ a: 3_000 });
    expect(outputs(lowerGenerators(-500, [running('a', {})]))).toEqual({ a: 6_000 });
  });

  it('stops one of which next to nothing would be left, and does not start that again for little', () => {
    const at = (needW: number, runs: boolean) => outputs(lowerGenerators(needW, [running('a', { runs })]))['a'];
    expect([5_000, 5_300].map((needW) => at(needW, true))).toEqual([3_000, 0]);
    expect([4_400, 4_600].map((needW) => at(needW, false))).toEqual([3_000, 0]);
    expect(at(0, false)).toBe(6_000);
  });
});

const anyOffer = fc.record({
  baseW: fc.constantFrom(0, 3_000, 5_000),
  minW: fc.integer({ min: 0, max: 3_000 }),
  maxW: fc.integer({ min: 5_000, max: 20_000 }),
  runs: fc.boolean(),
  isWarm: fc.boolean(),
  mayStart: fc.boolean(),
  mayStop: fc.boolean(),
  costMicroPerKwh: fc.integer({ min: 0, max: 1_000_000 }),
});

test.prop([fc.array(anyOffer, { maxLength: 8 }), fc.integer({ min: -20_000, max: 90_000 }), fc.integer({ min: 0, max: 20_000 })])(
  'every output is one the generator can give, and nothing is given that batteries could not give way for',
  (some, needW, slackW) => {
    const offers = some.map((each, index) => offer(`g${index}`, { ...each, isWarm: each.runs && each.isWarm }));
    const raised = raiseGenerators(needW, offers, { slackW, bearW: 0 });
    const lowered = lowerGenerators(needW, offers);
    const sum = (told: ReadonlyMap<string, number>, of = offers) =>
      of.reduce((total, { deviceId, baseW }) => total + told.get(deviceId)! - baseW, 0);
    for (const { deviceId, baseW, minW, maxW, runs, mayStart, mayStop } of offers) {
      const [upW, downW] = [raised.get(deviceId)!, lowered.get(deviceId)!];
      expect(upW === baseW || (upW >= Math.max(baseW, minW) && upW <= maxW)).toBe(true);
      if (upW > 0 && baseW === 0 && !runs) expect(mayStart).toBe(true);
      expect(downW === baseW || (downW === 0 && (mayStop || !runs)) || (downW >= Math.min(minW, baseW) && downW < baseW)).toBe(true);
    }
    if (needW <= 0) {
      const standing = offers.filter(({ runs }) => !runs);
      expect(sum(raised, standing)).toBe(0);
      expect(sum(raised)).toBeLessThanOrEqual(slackW);
    }
    const warm = offers.filter(({ isWarm }) => isWarm);
    const byWarm = sum(raised, warm);
    // Those that run and could only just be spared go on, as long as batteries give back what that is too much.
    expect(byWarm).toBeLessThanOrEqual(Math.max(0, needW + slackW, ...warm.map(({ minW }) => minW)));
    const stoppedForW = needW <= 0 ? 0 : Math.max(0, ...offers.map(({ minW }) => minW / 2));
    expect(-sum(lowered)).toBeLessThanOrEqual(Math.max(0, needW) + stoppedForW);
  },
);
