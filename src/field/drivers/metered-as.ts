import type { SampleValues } from '../sample.js';
import type { Standing } from './device-driver.js';
import { present } from './present.js';

type Value = number | undefined;

/** What a meter says, in the house's sign: its import flows into the bus unless its clamps look the other way. */
export interface MeterValues {
  readonly powerW: Value;
  readonly importWh: Value;
  readonly exportWh: Value;
  readonly voltageV?: Value;
  readonly frequencyHz?: Value;
  /** Of phase A, B and C; the sign that some meters give a current is dropped, since most give none. */
  readonly currentsA?: readonly Value[];
  readonly phaseVoltagesV?: readonly Value[];
}

const magnitudeOf = (value: Value): Value => (value === undefined ? undefined : Math.abs(value));

/** A meter's values under the names of the role it plays. The direction is applied here and nowhere else. */
export const meteredAs = (
  { role, direction }: Standing,
  { powerW, importWh, exportWh, voltageV, frequencyHz, currentsA = [], phaseVoltagesV = [] }: MeterValues,
): SampleValues => {
  const looksAway = direction === -1;
  const intoBus = {
    powerW: powerW === undefined || !looksAway ? powerW : 0 - powerW,
    toBus: looksAway ? exportWh : importWh,
    fromBus: looksAway ? importWh : exportWh,
  };
  switch (role) {
    case 'grid-meter':
      return present({
        'grid.powerW': intoBus.powerW,
        'grid.toBusCounterWh': intoBus.toBus,
        'grid.fromBusCounterWh': intoBus.fromBus,
        'grid.voltageV': voltageV,
        'grid.frequencyHz': frequencyHz,
        'grid.currentAA': magnitudeOf(currentsA[0]),
        'grid.currentBA': magnitudeOf(currentsA[1]),
        'grid.currentCA': magnitudeOf(currentsA[2]),
        'grid.voltageAV': phaseVoltagesV[0],
        'grid.voltageBV': phaseVoltagesV[1],
        'grid.voltageCV': phaseVoltagesV[2],
      });
    case 'pv':
      return present({ 'pv.powerW': intoBus.powerW, 'pv.toBusCounterWh': intoBus.toBus });
    case 'battery':
      return present({
        'battery.powerW': intoBus.powerW,
        'battery.toBusCounterWh': intoBus.toBus,
        'battery.fromBusCounterWh': intoBus.fromBus,
      });
    case 'generator':
      return present({ 'generator.powerW': intoBus.powerW, 'generator.toBusCounterWh': intoBus.toBus });
    // A load's own meter counts what it takes as import, and a meter at its feed looks the other way.
    case 'flexible-load':
      return present({
        'flexible.powerW': intoBus.powerW === undefined ? undefined : 0 - intoBus.powerW,
        'flexible.fromBusCounterWh': intoBus.toBus,
      });
    case 'hybrid':
      return {};
  }
};
