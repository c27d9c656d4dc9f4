import { describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { readDevice } from './readings.js';
import { siteModel, stepSite } from './site.js';
import { initialSite, type SiteState } from './site-state.js';
import { ARRAY, home, hybridHome, JUNE_MORNING_MS, PACK } from './sites.fixture.js';
import type { VirtualSite } from './spec.js';
import { bench } from './wire.fixture.js';

/** A home with a second roof, a second battery and a hybrid inverter besides. */
const full = (changes: Partial<VirtualSite> = {}): VirtualSite =>
  home({
    further: [
      { pv: { id: 'west', unitId: 4, models: '103', ratedW: 4_000, array: { ...ARRAY, azimuthDeg: 270 } } },
      { battery: { id: 'cellar', unitId: 5, models: '704', ratedW: 2_000, pack: { ...PACK, capacityWh: 12_000 } } },
      { hybrid: { ...hybridHome().hybrid!, id: 'garage', unitId: 6 } },
    ],
    ...changes,
  });

const measured = (loadW: number, pvW: number): VirtualSite['load'] => ({
  kind: 'replay',
  rows: [{ startMs: JUNE_MORNING_MS, endMs: JUNE_MORNING_MS + 2 * HOUR_MS, loadW, pvW }],
});

const after = (site: VirtualSite, durationMs: number, commands = {}): [SiteState, SiteState] => {
  const before = initialSite(site, JUNE_MORNING_MS);
  return [before, stepSite(siteModel(site), before, commands, durationMs)];
};

const said = (site: VirtualSite, state: SiteState, id: string): Record<string, number> => readDevice(site, state, id) ?? {};

describe('a site with several inverters', () => {
  test.prop([fc.integer({ min: 100, max: HOUR_MS }), fc.integer({ min: -2_000, max: 2_000 }), fc.integer({ min: 0, max: 4_000 })])(
    'balances, and each device counts what it gives',
    (durationMs, batteryW, pvMaxW) => {
      const site = full();
      const [before, then] = after(site, durationMs, { further: { west: { pvMaxW }, cellar: { batteryW } } });
      const { gridW = 0, loadW = 0, pvW, batteryW: batteriesW } = then.powers;
      expect(gridW + pvW! + batteriesW!).toBeCloseTo(loadW, 6);
      const now = ['home-pv', 'home-battery', 'west', 'cellar', 'garage'].map((id) => said(site, then, id));
      expect(now.reduce((sum, values) => sum + (values['pv.powerW'] ?? 0), 0)).toBeCloseTo(pvW!, 6);
      expect(now.reduce((sum, values) => sum + (values['battery.powerW'] ?? 0), 0)).toBeCloseTo(batteriesW!, 6);
      const counted = said(site, then, 'west')['pv.toBusCounterWh']! - before.further!['west']!.pv!.producedWh;
      expect(counted).toBeCloseTo((now[2]!['pv.powerW']! * durationMs) / HOUR_MS, 4);
    },
  );

  it('holds each to what it is told alone', () => {
    const site = full();
    const [, then] = after(site, MINUTE_MS, { pvMaxW: 700, further: { west: { pvMaxW: 300 }, cellar: { batteryW: -1_000 } } });
    const later = stepSite(siteModel(site), then, { pvMaxW: 700, further: { west: { pvMaxW: 300 }, cellar: { batteryW: -1_000 } } }, 1_000);
    expect([said(site, later, 'home-pv')['pv.powerW'], said(site, later, 'west')['pv.powerW']]).toEqual([
      expect.closeTo(700, 6),
      expect.closeTo(300, 6),
    ]);
    expect(said(site, later, 'cellar')['battery.powerW']).toBeCloseTo(-1_000, 6);
  });

  it('shares measured sun among its roofs by their peaks, where they are not measured by themselves', () => {
    const west = { id: 'west', unitId: 4, models: '103', ratedW: 5_000, array: { ...ARRAY, peakW: ARRAY.peakW / 2 } } as const;
    const one = home({ load: measured(500, 3_000), further: [{ pv: west }] });
    const available = (site: VirtualSite): unknown[] => {
      const [, then] = after(site, MINUTE_MS);
      return ['home-pv', 'west'].map((id) => said(site, then, id)['pv.availableW']);
    };
    expect(available(one)).toEqual([expect.closeTo(2_000, 6), expect.closeTo(1_000, 6)]);
    const rows = [{ startMs: JUNE_MORNING_MS, endMs: JUNE_MORNING_MS + HOUR_MS, loadW: 0, pvW: 400 }];
    expect(available(home({ load: measured(500, 3_000), further: [{ pv: west, rows }] }))).toEqual([3_000, 400]);
  });

  it('has a battery take what those before it left', () => {
    const site = home({ load: measured(1_000, 0), further: [{ battery: { ...home().battery!, id: 'cellar', unitId: 5 } }] });
    const [, then] = after(site, MINUTE_MS);
    const later = stepSite(siteModel(site), then, { batteryW: 600 }, MINUTE_MS);
    const end = stepSite(siteModel(site), later, { batteryW: 600 }, SECOND_MS);
    expect(said(site, end, 'cellar')['battery.powerW']).toBeCloseTo(400, 1);
    expect(end.powers.gridW).toBeCloseTo(0, 1);
  });

  it('shows each on the wire by its own registers', async () => {
    const { client, fleet, pass, site } = await bench(full());
    pass(30);
    const state = fleet.stateOf('home');
    expect((await client.model(4, 103)).values['W']).toBeCloseTo(said(site, state, 'west')['pv.powerW']!, -0.5);
    expect((await client.model(2, 103)).values['W']).toBeCloseTo(said(site, state, 'home-pv')['pv.powerW']!, -0.5);
    expect((await client.model(5, 701)).values['W']).toBeCloseTo(said(site, state, 'cellar')['battery.powerW']!, -0.5);
    expect([...(await client.chain(6)).keys()]).toEqual([1, 103, 121, 123, 124, 160]);
  });
});
