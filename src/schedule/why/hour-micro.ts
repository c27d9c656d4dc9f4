import { generatorBill } from '../generator-cost.js';
import type { GeneratorProblem } from '../problem.js';
import { HOUR_MS } from '../../kernel/units.js';

export type HourMicro = number;

/** What an hour at a power costs a generator that is warm, its carbon dioxide included; micro-units. */
export const hourMicro = (generator: GeneratorProblem, powerW: number, co2MicroPerKg: number): HourMicro => {
  const warm = { ...generator, warmUpS: 0, initial: { on: true, powerW } };
  const bill = generatorBill(warm, { on: [true], powerW: [powerW] }, [{ startMs: 0, endMs: HOUR_MS }]);
  return bill.noLoadMicro + bill.runningMicro + bill.co2Kg * co2MicroPerKg;
};
