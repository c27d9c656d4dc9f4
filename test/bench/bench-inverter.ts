import { SUNSPEC_BASE, SunspecImage } from '../../src/simulator/sunspec-image.js';
import { SUNSPEC_MODELS } from '../../src/registers/sunspec/models.js';

const model = (id: number) => SUNSPEC_MODELS.get(id)!;

/** A PV inverter as most are: 1, 103, 121, 122, 123. Every unit on every address shows the same, whichever server shows it. */
export const benchInverter = new SunspecImage([
  { model: model(1), fixed: { Mn: 'Heliograph', Md: 'Bench inverter', SN: '1' } },
  { model: model(103), fixed: { W: 3_210, W_SF: 0, WH: 12_345_678, WH_SF: 0, St: 4, Hz: 50, Hz_SF: -2, A_SF: -2, V_SF: -1 } },
  { model: model(121), fixed: { WMax: 5_000, WMax_SF: 0 } },
  { model: model(122), fixed: { WAval: 3_300, WAval_SF: 0 } },
  { model: model(123), fixed: { WMaxLimPct: 100, WMaxLimPct_SF: 0, WMaxLim_Ena: 0 } },
]);

/** All its registers, for a server that knows nothing of SunSpec. */
export const benchRegisters = (): { start: number; words: number[] } => {
  const words: number[] = [];
  for (;;) {
    const word = benchInverter.read(SUNSPEC_BASE + words.length, 1)?.[0];
    if (word === undefined) return { start: SUNSPEC_BASE, words };
    words.push(word);
  }
};
