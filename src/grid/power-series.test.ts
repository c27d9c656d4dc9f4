import { describe, expect, it } from 'vitest';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { measuredSeries } from './power-series.js';

const QUARTER_MS = 900_000;
const energy = (
  flow: IntervalEnergy['flow'],
  startMs: number,
  toBusWh: number | undefined,
  fromBusWh = 0,
  siteId = 'a',
): IntervalEnergy => ({
  startMs,
  endMs: startMs + QUARTER_MS,
  siteId,
  deviceId: `${siteId}-${flow}`,
  flow,
  commanded: false,
  ...(toBusWh === undefined ? { quality: 'missing' } : { quality: 'measured', toBusWh, fromBusWh }),
});

describe('the measured power of a chart', () => {
  it('is mean power, in the house’s sign, and the load is its balance', () => {
    const points = measuredSeries([energy('grid', 0, 100), energy('pv', 0, 250), energy('battery', 0, 0, 200)], QUARTER_MS, QUARTER_MS);
    expect(points).toEqual([{ atMs: 0, gridW: 400, pvW: 1_000, batteryW: -800, loadW: 600 }]);
  });

  it('adds up sites, and leaves out a flow that one of them does not know', () => {
    const points = measuredSeries(
      [energy('grid', 0, 100), energy('grid', 0, undefined, 0, 'b'), energy('pv', 0, 100), energy('pv', 0, 50, 0, 'b')],
      QUARTER_MS,
      QUARTER_MS,
    );
    expect(points).toEqual([{ atMs: 0, pvW: 600 }]);
  });

  const minute = (flow: IntervalEnergy['flow'], atMinute: number, toBusWh: number, siteId = 'a'): IntervalEnergy => ({
    ...energy(flow, 0, toBusWh, 0, siteId),
    startMs: QUARTER_MS + atMinute * 60_000,
    endMs: QUARTER_MS + (atMinute + 1) * 60_000,
  });

  it('tells of the step that runs what has been closed of it by all', () => {
    const closed = [minute('grid', 0, 10), minute('grid', 1, 20), minute('pv', 0, 5), minute('pv', 1, 5), minute('pv', 2, 500)];
    const points = measuredSeries([energy('grid', 0, 100), energy('pv', 0, 250), ...closed], QUARTER_MS, QUARTER_MS + 190_000);
    expect(points[1]).toEqual({ atMs: QUARTER_MS, gridW: 900, pvW: 300, loadW: 1_200 });
  });

  it('adds up no fleet of which a part has not spoken yet', () => {
    const points = measuredSeries(
      [energy('grid', 0, 100), energy('grid', 0, 100, 0, 'b'), minute('grid', 0, 10)],
      QUARTER_MS,
      QUARTER_MS + 70_000,
    );
    expect(points).toEqual([{ atMs: 0, gridW: 800, loadW: 800 }]);
  });

  it('does not wait for a few, and leaves out the flow that lacks them', () => {
    const homes = Array.from({ length: 20 }, (_, index) => `home-${index}`);
    const closed = homes.flatMap((siteId, index) => [
      minute('battery', 0, 10, siteId),
      ...(index === 0 ? [] : [minute('pv', 0, 5, siteId)]),
    ]);
    const points = measuredSeries([energy('pv', 0, 1, 0, 'home-0'), ...closed], QUARTER_MS, QUARTER_MS + 70_000);
    expect(points.at(-1)).toEqual({ atMs: QUARTER_MS, batteryW: 12_000 });
  });
});
