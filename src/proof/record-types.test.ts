import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LeaseOutcome } from '../field/setpoint.js';
import { HOUR_MS } from '../kernel/units.js';
import type { GridEvent } from '../signals/grid-event.js';
import { type Bundle, serializeBundle } from './bundle.js';
import { DecisionTally } from './decision-tally.js';
import { commitmentOf } from './commitment.js';
import { fromHex, toHex, utf8 } from './encoding.js';
import { baselineEntry, PLANT_SITE, readingEntry } from './log-entry.js';
import { freshDir, intervalsOf, type ProofPlant, removeDir, START_MS, startProof } from './proof-plant.fixture.js';
import { type ProofRecord, parseRecord, recordHash } from './record.js';
import { recordText } from './record-text.js';
import { verifyBundle } from './verifier.js';

const { verifyBundle: verifyByTheBook } = (await import(new URL('../../test/verifier.mjs', import.meta.url).href)) as {
  verifyBundle: (text: string) => Record<string, string>;
};

const failed = (bundle: Bundle): string[] =>
  verifyBundle(bundle)
    .steps.filter(({ ok }) => !ok)
    .map(({ name }) => name);
const failedByTheBook = (bundle: Bundle): string[] =>
  Object.entries(verifyByTheBook(serializeBundle(bundle)))
    .filter(([, result]) => result !== 'ok')
    .map(([name]) => name);

const EVENT: GridEvent = {
  id: 'EV-0001',
  direction: 'up',
  powerW: 5_000,
  priceMicroPerKwh: 350_000,
  startMs: START_MS + HOUR_MS,
  endMs: START_MS + 2 * HOUR_MS,
  state: 'announced',
  announcedAtMs: START_MS,
  announcedBy: 'dso',
};

const told = (deviceId: string, powerW: number, kind: 'confirmed' | 'clamped'): LeaseOutcome => {
  const lease = { deviceId, owner: 'event:EV-0001', setpoint: { kind: 'battery-power', powerW }, expiresAtMs: 0 } as const;
  return kind === 'clamped' ? { kind, lease, readbackW: powerW - 100 } : { kind, lease };
};

/** The record with some lines written otherwise, signed and committed to as if by the plant itself. */
const resigned = (plant: ProofPlant, bundle: Bundle, change: (text: string) => string): Bundle => {
  const record = change(bundle.record);
  const [, signer] = /\nsigner (\w+)/.exec(`\n${record}`)!;
  const keys = [plant.keys.ofPlant(), ...[0, 1, 2].map((home) => plant.keys.ofSite(`home-${home}`))];
  const { key } = keys.find(({ key: one }) => toHex(one.publicKey) === signer)!;
  const signature = key.sign(utf8(record));
  const commitment = commitmentOf(fromHex(bundle.salt)!, record, signature);
  return { ...bundle, record, signature: toHex(signature), commitment: toHex(commitment) };
};

describe('each type of record', () => {
  let dir: string;
  let plant: ProofPlant;
  const bundles = new Map<string, Bundle>();
  beforeAll(async () => {
    dir = freshDir();
    plant = await startProof(dir);
    const { recorder } = plant;
    const [reading] = intervalsOf(0);
    await recorder.recordIntervals([{ ...reading!, quality: 'missing' }, ...intervalsOf(1)]);
    await recorder.recordEvent(EVENT, START_MS);
    await recorder.recordBaselines(EVENT.id, [
      {
        siteId: 'home-0',
        fixedAtMs: START_MS + 1,
        days: ['2023-11-13'],
        slots: [
          { startMs: EVENT.startMs, endMs: EVENT.startMs + HOUR_MS / 4, baselineWh: 120.25 },
          { startMs: EVENT.startMs + HOUR_MS / 4, endMs: EVENT.endMs, baselineWh: -3.5 },
        ],
      },
    ]);
    const tally = new DecisionTally(HOUR_MS / 4);
    tally.note(START_MS, [told('battery-0', 2_000, 'confirmed'), told('battery-1', 900, 'clamped'), told('sold-battery', 1, 'confirmed')]);
    tally.note(START_MS + 2_000, [told('battery-0', -500.4, 'confirmed')]);
    await recorder.recordDecisions(tally.before(START_MS + HOUR_MS));
    await recorder.correct([{ ...reading!, quality: 'estimated' }], 'late-readings');
    await recorder.recordStatements([
      {
        id: 'anna-2023-11-14',
        siteId: 'home-0',
        date: '2023-11-14',
        startMs: START_MS - 10 * HOUR_MS,
        endMs: START_MS + 14 * HOUR_MS,
        issuedAtMs: START_MS + 15 * HOUR_MS,
        currency: 'EUR',
        totalMicro: 1_010_000,
        lines: [
          { kind: 'feed-in', energyWh: 12_500, priceMicroPerKwh: 80_000, amountMicro: 1_000_000 },
          { kind: 'event', energyWh: 100.5, priceMicroPerKwh: 350_000, amountMicro: 35_000, eventId: 'EV-0001' },
          { kind: 'adjustment', energyWh: -312.5, priceMicroPerKwh: 80_000, amountMicro: -25_000 },
        ],
      },
    ]);
    await plant.proof.anchorNow();
    for (let leafIndex = 0; leafIndex < plant.log.size; leafIndex += 1) {
      const outcome = await plant.proof.bundle(leafIndex);
      if (outcome.kind !== 'bundle') throw new Error(`${leafIndex}: ${outcome.kind}`);
      bundles.set(parseRecord(outcome.bundle.record)!.type, outcome.bundle);
    }
  });
  afterAll(async () => {
    await plant.stop();
    removeDir(dir);
  });

  const recordOf = <T extends ProofRecord['type']>(type: T): Extract<ProofRecord, { type: T }> =>
    parseRecord(bundles.get(type)!.record) as Extract<ProofRecord, { type: T }>;

  const TYPES = ['interval-reading', 'correction', 'decision', 'grid-event', 'baseline', 'statement'];

  it.each(TYPES)('%s holds by both verifiers, and fails at "signature" with any byte of its record changed', (type) => {
    const bundle = bundles.get(type)!;
    expect(failed(bundle)).toEqual([]);
    expect(failedByTheBook(bundle)).toEqual([]);
    const changed = Array.from({ length: bundle.record.length }, (_, at) => {
      const flipped = String.fromCharCode(bundle.record.charCodeAt(at) ^ 1);
      return { ...bundle, record: `${bundle.record.slice(0, at)}${flipped}${bundle.record.slice(at + 1)}` };
    });
    for (const [at, each] of changed.entries()) expect(failed(each), `byte ${at}`).toContain('signature');
    for (const each of changed.filter((_, at) => at % 8 === 0)) expect(failedByTheBook(each)).toContain('signature');
  });

  it('says what it states', () => {
    const said = TYPES.map((type) => recordText(parseRecord(bundles.get(type)!.record)!));
    expect(said).toEqual([
      expect.stringMatching(/^pv-2, pv, .*512 Wh into the site \(measured\)$/),
      expect.stringMatching(/^meter-0, grid, .*corrected to 120\.5 Wh into the site, 3\.25 Wh out of it \(estimated; late-readings\)$/),
      expect.stringMatching(/^battery-1, battery-power, .*told 900 W by event:EV-0001, clamped at 800 W; 1 time between/),
      expect.stringMatching(/^event EV-0001, .*announced at .*, up by 5000 W$/),
      expect.stringMatching(/^baseline for EV-0001, .* from 1 like day$/),
      'statement of 2023-11-14: 1.01 EUR in 3 lines',
    ]);
  });

  it('sums up what a device was told in an interval, and leaves out one that has no site', async () => {
    const rows = await plant.proof.proofsOf('home-0', { kind: 'decision', limit: 10 });
    expect(rows.map(({ states }) => states)).toEqual([
      expect.stringContaining('told -500 W by event:EV-0001, confirmed; 2 times between -500 and 2000 W, 2 of them confirmed'),
    ]);
  });

  it('has the correction name what it takes the place of, and mark it', async () => {
    const [newest, reading] = await plant.proof.proofsOf('home-0', { deviceId: 'meter-0', toMs: START_MS + 1, limit: 5 });
    expect([newest!.type, reading!.type]).toEqual(['correction', 'interval-reading']);
    expect([newest!.superseded, reading!.superseded]).toEqual([undefined, true]);
    const first = await plant.log.row(reading!.leafIndex);
    expect(recordOf('correction').supersedes).toBe(recordHash(first!.record!));
  });

  it('corrects once what has changed, and nothing that has not', async () => {
    const [reading] = intervalsOf(0);
    const { size } = plant.log;
    expect(await plant.recorder.correct([{ ...reading!, quality: 'estimated' }, ...intervalsOf(1)], 'late-readings')).toBe(0);
    expect(await plant.recorder.correct([{ ...reading!, deviceId: 'unheard-of' }], 'late-readings')).toBe(0);
    expect(plant.log.size).toBe(size);
  });

  it('records an event again where it changed, and not where it did not', async () => {
    expect(await plant.recorder.recordEvent(EVENT, START_MS + 5)).toMatchObject({ added: 0 });
    const later = { ...EVENT, endMs: EVENT.endMs + HOUR_MS };
    expect(await plant.recorder.recordEvent(later, START_MS + 10)).toMatchObject({ added: 1 });
    expect(await plant.recorder.recordEvent({ ...later, endMs: EVENT.endMs, state: 'active' }, EVENT.startMs + 10)).toMatchObject({
      added: 1,
    });
    expect(await plant.recorder.recordEvent({ ...EVENT, state: 'cancelled' }, EVENT.startMs + 20)).toMatchObject({ added: 1 });
    expect(await plant.recorder.recordEvent({ ...EVENT, state: 'cancelled' }, EVENT.startMs + 30)).toMatchObject({ added: 0 });
    const rows = await plant.log.find({ siteId: PLANT_SITE, limit: 10 });
    const states = rows
      .map(({ record }) => parseRecord(record!))
      .map((record) => (record?.type === 'grid-event' ? record.state : undefined));
    expect(states.toReversed()).toEqual(['announced', 'amended', 'cut-short', 'cancelled']);
    expect(rows.map(({ record }) => parseRecord(record!)!.sequence).toReversed()).toEqual([0, 1, 2, 3]);
  });

  it('records a change in the very moment of the last one, and one by a clock that was put back', async () => {
    const event = { ...EVENT, id: 'EV-0002' };
    const wider = { ...event, endMs: event.endMs + HOUR_MS };
    for (const [each, atMs] of [
      [event, START_MS],
      [wider, START_MS],
      [{ ...wider, state: 'cancelled' }, START_MS - HOUR_MS],
    ] as const)
      expect(await plant.recorder.recordEvent(each, atMs)).toMatchObject({ added: 1 });
    const rows = (await plant.log.find({ siteId: PLANT_SITE, limit: 10 })).filter(({ deviceId }) => deviceId === event.id);
    const records = rows.map(({ record }) => parseRecord(record!)).toReversed();
    expect(records).toMatchObject([
      { state: 'announced', atMs: START_MS },
      { state: 'amended', atMs: START_MS + 1 },
      { state: 'cancelled', atMs: START_MS + 2 },
    ]);
  });

  it('signs nothing that no verifier would take for a record, and goes on', async () => {
    const size = plant.log.size;
    const slots = [{ startMs: EVENT.startMs, endMs: EVENT.endMs, baselineWh: Number.NaN }];
    const baseline = { siteId: 'home-2', fixedAtMs: START_MS, days: [], slots };
    const [sound] = intervalsOf(9);
    const entries = [baselineEntry(EVENT.id, baseline)!, readingEntry(sound!)];
    expect(await plant.log.append(entries)).toEqual({ added: 1, alreadyRecorded: 0, refused: 1 });
    expect(plant.log.size).toBe(size + 1);
    const row = await plant.log.row(size);
    expect(parseRecord(row!.record!)).toMatchObject({ type: 'interval-reading' });
  });

  it.each<[string, string, (text: string) => string]>([
    ['a decision confirmed more often than told', 'decision', (text) => text.replace(/confirmed \d+/, 'confirmed 7')],
    ['a decision outside its interval', 'decision', (text) => text.replace(/\nat \d+/, '\nat 5')],
    ['a decision beyond its own span', 'decision', (text) => text.replace(/\nhighest \d+/, '\nhighest 1')],
    ['a baseline fixed after its event began', 'baseline', (text) => text.replace(/fixed \d+/, `fixed ${EVENT.startMs + 1}`)],
    ['a baseline whose slots fall back', 'baseline', (text) => text.replace(/slots (\S+),(\S+)/, 'slots $2,$1')],
    ['a statement that does not add up', 'statement', (text) => text.replace('total-micro 1010000', 'total-micro 1010001')],
    ['a line of a kind unknown', 'statement', (text) => text.replace('feed-in:', 'gift:')],
    ['an energy of minus nothing', 'statement', (text) => text.replace('feed-in:12500.000', 'feed-in:-0.000')],
    ['a state unknown', 'grid-event', (text) => text.replace('state announced', 'state agreed')],
    ['a correction of nothing', 'correction', (text) => text.replace(/supersedes \w+\n/, '')],
    ['a correction without a reason', 'correction', (text) => text.replace(/reason \S+/, 'reason ')],
    ['a type unknown', 'decision', (text) => text.replace('/1 decision', '/1 decree')],
    ['another version', 'decision', (text) => text.replace('heliograph-record/1', 'heliograph-record/2')],
    ['a chain of another type', 'decision', (text) => text.replace('channel decision', 'channel grid')],
    ['another unit', 'baseline', (text) => text.replace('unit Wh', 'unit kWh')],
  ])('%s is no record, whoever signs it', (_what, type, change) => {
    const forged = resigned(plant, bundles.get(type)!, change);
    expect(forged.record).not.toBe(bundles.get(type)!.record);
    expect(failed(forged)[0]).toBe('signature');
    expect(failedByTheBook(forged)[0]).toBe('signature');
  });

  it('says of a baseline whether its anchor came before its event', () => {
    const baseline = bundles.get('baseline')!;
    const chain = (timeMs: number) => ({
      anchor: { transaction: new Uint8Array(0), slot: 1, timeMs, finalized: true },
      memos: [],
      searched: 1,
      complete: true,
    });
    const open = (timeMs?: number): string =>
      verifyBundle(baseline, {}, timeMs === undefined ? undefined : chain(timeMs)).notChecked.join('\n');
    expect(open()).toMatch(/before its event began.*ask a node/);
    expect(open(EVENT.startMs + 1)).toMatch(/before its event began.*landed at/);
    expect(open(EVENT.startMs - 1)).not.toMatch(/before its event began/);
  });
});
