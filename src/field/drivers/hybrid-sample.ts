import type { SampleValues } from '../sample.js';
import { type HybridCounted, type HybridCounters, type HybridDcCounters, type HybridPowers, splitHybrid } from './hybrid-split.js';
import { present } from './present.js';

/** What a hybrid's terminal and its DC side tell, as sun and battery that sum to the AC output. */
export const splitSample = (powers: HybridPowers, dc: HybridDcCounters, counters: HybridCounters): SampleValues => {
  const split = splitHybrid(powers);
  const counted = counters.count(dc, powers, split);
  return present({
    'pv.powerW': split.pvW,
    'pv.toBusCounterWh': counted.pvToBusWh,
    'pv.dcCounterWh': dc.sunWh,
    'battery.powerW': split.batteryW,
    'battery.toBusCounterWh': counted.batteryToBusWh,
    'battery.fromBusCounterWh': counted.batteryFromBusWh,
    'battery.dischargedDcCounterWh': dc.dischargeWh,
    'battery.chargedDcCounterWh': dc.chargeWh,
  });
};

/** What a hybrid told last, as where its counters stood. */
export const countedAt = (values: SampleValues): HybridCounted => ({
  dc: {
    sunWh: values['pv.dcCounterWh'],
    dischargeWh: values['battery.dischargedDcCounterWh'],
    chargeWh: values['battery.chargedDcCounterWh'],
  },
  ac: {
    pvToBusWh: values['pv.toBusCounterWh'],
    batteryToBusWh: values['battery.toBusCounterWh'],
    batteryFromBusWh: values['battery.fromBusCounterWh'],
  },
});
