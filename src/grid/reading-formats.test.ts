import { expect, it } from 'vitest';
import { QUANTITIES } from '../field/sample.js';
import { unitOf } from './reading-formats.js';

it('every quantity has its unit, but the states', () => {
  const units = Object.fromEntries(QUANTITIES.map((quantity) => [quantity, unitOf(quantity)]));
  expect(units).toMatchObject({
    'grid.powerW': 'W',
    'grid.toBusCounterWh': 'Wh',
    'grid.frequencyHz': 'Hz',
    'grid.currentAA': 'A',
    'grid.voltageAV': 'V',
    'battery.socPct': '%',
  });
  expect(QUANTITIES.filter((quantity) => units[quantity] === '')).toEqual(['generator.state', 'flexible.state', 'device.islanded']);
});
