import type { Words } from '../registers/words.js';
import { allowedW, chargerStateOf, type ChargerState, type ChargerWord, phasesInUse, wattsOfCurrent } from './charger.js';
import type { DeviceView } from './device-view.js';
import type { VirtualCharger } from './spec.js';
import type { WriteResult } from './virtual-unit.js';

/** By `flexible.state`: no car and so not ready, waiting for the car, interrupted, charging. */
const CHARGING_STATES = [1, 2, 5, 3] as const;
/** The cable lies in the station alone, or in the car as well. */
const [IN_STATION, IN_CAR] = [3, 7] as const;
/** A c-series with a cable for 32 A and a meter that is not calibrated. */
const [PRODUCT, FIRMWARE] = [314_110, 0x03_0a_2a_00] as const;
const FAILSAFE_S = { least: 10, most: 600 } as const;
const CURRENT_MA = { least: 6_000, most: 63_000 } as const;

type Values = ReadonlyMap<number, (view: DeviceView, now: ChargerState) => number>;

/**
 * The registers of a KEBA KeContact P30, after its Modbus TCP Programmers Guide V1.03: what is read is two words each, one at a
 * time; what is written cannot be read.
 */
export class KebaImage {
  private readonly values: Values;
  private view: DeviceView | undefined;

  constructor(private readonly charger: VirtualCharger) {
    this.values = valuesOf(charger);
  }

  refresh(view: DeviceView): void {
    this.view = view;
  }

  read(address: number, count: number): Words | undefined {
    const value = this.values.get(address);
    if (!value || count !== 2 || !this.view) return undefined;
    const raw = Math.round(value(this.view, this.view.state.chargers[this.charger.id]!));
    return Uint16Array.of((raw >>> 16) & 0xffff, raw & 0xffff);
  }

  /** What a write says. */
  wordOf(address: number, words: Words): ChargerWord | Exclude<WriteResult, 'taken'> {
    const value = words[0];
    if (value === undefined || words.length > 1) return 'no-such-address';
    const within = (word: ChargerWord, { least, most }: { least: number; most: number }): ChargerWord | 'no-such-value' =>
      value >= least && value <= most ? word : 'no-such-value';
    switch (address) {
      case 5004:
        return within({ currentMa: value }, CURRENT_MA);
      case 5014:
        return within({ enabled: value === 1 }, { least: 0, most: 1 });
      case 5016:
        return value === 0 ? { failsafeMa: 0 } : within({ failsafeMa: value }, CURRENT_MA);
      case 5018:
        return value === 0 ? { failsafeS: 0 } : within({ failsafeS: value }, FAILSAFE_S);
      default:
        return 'no-such-address';
    }
  }
}

const valuesOf = (charger: VirtualCharger): Values => {
  const { id } = charger;
  const powerW = ({ state }: DeviceView): number => state.chargerMeansW[id] ?? 0;
  const draws = (phase: number) => (view: DeviceView, now: ChargerState) => {
    const phases = phasesInUse(now, charger);
    return phase > phases ? 0 : (powerW(view) / (phases * view.voltageV)) * 1_000;
  };
  const voltage = (phase: number) => (view: DeviceView) => (phase > charger.phases || powerW(view) === 0 ? 0 : view.voltageV);
  const milliamperes = (maxW: number, voltageV?: number): number => (maxW / wattsOfCurrent(charger, 1_000, voltageV)) * 1_000;
  return new Map<number, (view: DeviceView, now: ChargerState) => number>([
    [1000, ({ voltageV }, now) => CHARGING_STATES[chargerStateOf(now, charger, { voltageV })]],
    [1004, (_, { visitMs }) => (visitMs === undefined ? IN_STATION : IN_CAR)],
    [1006, () => 0],
    [1008, draws(1)],
    [1010, draws(2)],
    [1012, draws(3)],
    [1014, ({ site }) => site.seed % 100_000_000],
    [1016, () => PRODUCT],
    [1018, () => FIRMWARE],
    [1020, (view) => powerW(view) * 1_000],
    [1036, (_, { drawnWh }) => drawnWh * 10],
    [1040, voltage(1)],
    [1042, voltage(2)],
    [1044, voltage(3)],
    [1046, (view) => (powerW(view) === 0 ? 0 : 1_000)],
    [1100, ({ voltageV }, now) => milliamperes(allowedW(now, charger, { voltageV }), voltageV)],
    [1110, () => milliamperes(charger.ratedW)],
    [1600, (_, { failsafeMa }) => failsafeMa],
    [1602, (_, { failsafeS }) => failsafeS],
  ]);
};
