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
    const points = measuredSeries([energy('grid', 0, 100), energy('pv', 0, 250), energy('battery', 0, 0, 200)], QUARTER_MS);
    expect(points).toEqual([{ atMs: 0, gridW: 400, pvW: 1_000, batteryW: -800, loadW: 600 }]);
  });

  it('adds up sites, and leaves out a flow that one of them does not know', () => {
    const points = measuredSeries(
      [energy('grid', 0, 100), energy('grid', 0, undefined, 0, 'b'), energy('pv', 0, 100), energy('pv', 0, 50, 0, 'b')],
      QUARTER_MS,
    );
    expect(points).toEqual([{ atMs: 0, pvW: 600 }]);
  });
});
