/** Money is counted in millionths of a named currency, as an integer. One euro is 1_000_000 micro-EUR. */
export type Micro = number & { readonly unit?: 'micro' };

export const MICRO_PER_UNIT = 1_000_000;

/** What `energyWh` costs at a price per kWh, rounded half away from zero to a whole micro-unit. */
export const energyCostMicro = (energyWh: number, priceMicroPerKwh: number): Micro => roundMicro((energyWh * priceMicroPerKwh) / 1_000);

const roundMicro = (value: number): Micro => {
  const whole = Math.sign(value) * Math.round(Math.abs(value));
  return whole === 0 ? 0 : whole;
};

/**
 * Splits `total` in proportion to `weights` (none negative, one at least positive) by the largest-remainder method: the
 * parts are whole micro-units and add up to the total exactly.
 */
export const splitMicro = (total: Micro, weights: readonly number[]): Micro[] => {
  const sum = weights.reduce((a, b) => a + b, 0);
  if (!(sum > 0) || weights.some((weight) => weight < 0))
    throw new RangeError('splitMicro needs weights of which none is negative and one is positive');
  const sign = Math.sign(total);
  const exact = weights.map((weight) => (Math.abs(total) * weight) / sum);
  const parts = exact.map(Math.floor);
  let left = Math.abs(total) - parts.reduce((a, b) => a + b, 0);
  const byRemainder = exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (let i = 0; left > 0; i = (i + 1) % parts.length, left -= 1) parts[byRemainder[i]!.index]! += 1;
  return parts.map((part) => (part === 0 ? 0 : sign * part));
};
