import { type Micro, MICRO_PER_UNIT } from '../kernel/money.js';
import type { WattHour } from '../kernel/units.js';

/** `value` with at least `least` and at most `most` decimals. */
const decimals = (value: number, least: number, most: number): string => {
  const text = (Object.is(value, -0) ? 0 : value).toFixed(most);
  const spare = text.match(/0*$/)![0].length;
  return spare === 0 ? text : text.slice(0, text.length - Math.min(spare, most - least));
};

/** `1.250 kWh`, to the tenth of a watt-hour where that is needed. */
export const kwhText = (energyWh: WattHour): string => `${decimals(energyWh / 1_000, 3, 4)} kWh`;

/** `0.0800 EUR/kWh`, in full. */
export const priceText = (priceMicroPerKwh: number, currency: string): string =>
  `${decimals(priceMicroPerKwh / MICRO_PER_UNIT, 4, 6)} ${currency}/kWh`;

/** `0.10 EUR`, with as many decimals as the amount has, at least two. */
export const amountText = (amount: Micro, currency: string): string => `${decimals(amount / MICRO_PER_UNIT, 2, 6)} ${currency}`;

/** `0.84 EUR`: an amount in a sentence. */
export const moneyText = (amount: Micro, currency: string): string => `${decimals(Math.abs(amount) / MICRO_PER_UNIT, 2, 2)} ${currency}`;

export const productText = (energyWh: WattHour, priceMicroPerKwh: number, amount: Micro, currency: string): string =>
  `${kwhText(energyWh)} × ${priceText(priceMicroPerKwh, currency)} = ${amountText(amount, currency)}`;

/** `You earned 0.84 EUR.` or what is true instead. */
export const earnedText = (amount: Micro, currency: string): string => {
  if (amount === 0) return 'You earned nothing.';
  return amount > 0 ? `You earned ${moneyText(amount, currency)}.` : `It cost you ${moneyText(amount, currency)}.`;
};
