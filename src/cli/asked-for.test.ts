import { describe, expect, it } from 'vitest';
import { askedLengthMs, askedPowerW } from './asked-for.js';

describe('a length of time on a command line', () => {
  it('is written in days, hours, minutes and seconds', () => {
    const asked = ['90s', '15m', '1h30m', '2d', '1000h', 'PT15M', 'P1DT6H', '45M'].map((text) => askedLengthMs('--for', text) / 1_000);
    expect(asked).toEqual([90, 900, 5_400, 172_800, 3_600_000, 900, 108_000, 2_700]);
  });

  it('is refused with words on how to write one', () => {
    for (const text of ['', 'P', '0m', '5', '-1h', '1.5h', 'soon', '30m1h', '1h 30m'])
      expect(() => askedLengthMs('--for', text)).toThrow(`--for "${text}": write a length of time, as 90s, 15m, 1h30m or 2d`);
  });
});

it('a power on a command line is written in W, kW or MW', () => {
  expect(['5000', '5kW', '1.2MW'].map((text) => askedPowerW('--power', text))).toEqual([5_000, 5_000, 1_200_000]);
  expect(() => askedPowerW('--power', '-5')).toThrow('--power "-5": write a power, as 5000, 5kW or 1.2MW');
});
