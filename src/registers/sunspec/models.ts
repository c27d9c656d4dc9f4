import { MODEL_802 } from './batteries.js';
import { MODEL_120, MODEL_121, MODEL_122, MODEL_123, MODEL_124 } from './controls.js';
import { MODEL_701, MODEL_702, MODEL_703, MODEL_704, MODEL_713, MODEL_714, MODEL_715 } from './der.js';
import { MODEL_1 } from './identity.js';
import { MODEL_101, MODEL_102, MODEL_103, MODEL_111, MODEL_112, MODEL_113 } from './inverters.js';
import { MODEL_201, MODEL_202, MODEL_203, MODEL_204, MODEL_211, MODEL_212, MODEL_213 } from './meters.js';
import type { SunspecModel } from './model.js';
import { MODEL_160 } from './trackers.js';

/** Every SunSpec model Heliograph can read, by its id. */
export const SUNSPEC_MODELS: ReadonlyMap<number, SunspecModel> = new Map(
  [
    [MODEL_1],
    [MODEL_101, MODEL_102, MODEL_103, MODEL_111, MODEL_112, MODEL_113],
    [MODEL_120, MODEL_121, MODEL_122, MODEL_123, MODEL_124, MODEL_160],
    [MODEL_201, MODEL_202, MODEL_203, MODEL_204, MODEL_211, MODEL_212, MODEL_213],
    [MODEL_701, MODEL_702, MODEL_703, MODEL_704, MODEL_713, MODEL_714, MODEL_715, MODEL_802],
  ]
    .flat()
    .map((model) => [model.id, model]),
);

/** "SunS": the two registers every SunSpec map begins with. */
export const SUNSPEC_MARKER: readonly [number, number] = [0x5375, 0x6e53];
/** The id that ends the chain of models. */
export const SUNSPEC_END_ID = 0xffff;
