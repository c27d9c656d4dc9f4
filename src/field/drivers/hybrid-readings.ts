import { type Words, readText } from '../../registers/words.js';
import { pointOf } from '../../registers/sunspec/model.js';
import type { HoldingReader, MappedModel, SunspecMap } from '../sunspec-walk.js';
import type { SampleValues } from '../sample.js';
import { splitSample } from './hybrid-sample.js';
import { type DcPort, type HybridCounters, type HybridDcCounters, portOf } from './hybrid-split.js';
import {
  islandedOf,
  limitPctOf,
  limitRefs,
  modelAmong,
  modeRef,
  ref,
  repeatAt,
  type RoleReadings,
  socRef,
  type Value,
} from './role-readings.js';
import { present } from './present.js';
import type { PointRef } from './sunspec-points.js';

const AC_MODELS = [101, 102, 103, 111, 112, 113, 701];

/**
 * What a hybrid inverter is asked: its AC power, and the DC powers and counters of its ports (model 160), told apart by their
 * names, which are read once. `undefined` where the device has not the models for it. Throws the reader's `AdapterError`s.
 */
export const hybridReadings = async (map: SunspecMap, read: HoldingReader, counters: HybridCounters): Promise<RoleReadings | undefined> => {
  const ac = modelAmong(map, AC_MODELS);
  const trackers = modelAmong(map, [160]);
  if (!ac || !trackers) return undefined;
  const ports = await portsOf(trackers, read);
  const fixed = [ref(ac, 'W'), socRef(map), ...limitRefs(map), modeRef(map)];
  return {
    refs: [...fixed, ...portRefs(trackers, ports, 'DCW'), ...portRefs(trackers, ports, 'DCWH')],
    assemble: (values) => {
      const [acW, socPct, limitEnabled, limitPct, mode] = values;
      const powersW = values.slice(fixed.length, fixed.length + ports.length);
      const energiesWh = values.slice(fixed.length + ports.length);
      return present({
        ...splitOf(acW, ports, powersW, energiesWh, counters),
        'battery.socPct': socPct,
        'device.limitPct': limitPctOf(limitEnabled, limitPct),
        'device.islanded': islandedOf(mode),
      });
    },
  };
};

const splitOf = (
  acW: Value,
  ports: readonly DcPort[],
  powersW: readonly Value[],
  energiesWh: readonly Value[],
  counters: HybridCounters,
): SampleValues => {
  const sunDcW = sumOf(ports, powersW, 'sun');
  // A port that is asleep may tell no power; a hybrid whose strings are all silent says nothing about its sun.
  if (acW === undefined || sunDcW === undefined) return {};
  const powers = { acW, sunDcW, ...batteryDcOf(acW, sunDcW, ports, powersW) };
  const dc: HybridDcCounters = {
    sunWh: sumOf(ports, energiesWh, 'sun'),
    chargeWh: sumOf(ports, energiesWh, 'charge'),
    dischargeWh: sumOf(ports, energiesWh, 'discharge'),
  };
  return splitSample(powers, dc, counters);
};

/** What the battery's ports tell; where it has none, what the strings gave and the terminal did not, or the other way round. */
const batteryDcOf = (acW: number, sunDcW: number, ports: readonly DcPort[], powersW: readonly Value[]) => {
  if (ports.every((port) => port === 'sun')) return { chargeDcW: Math.max(sunDcW - acW, 0), dischargeDcW: Math.max(acW - sunDcW, 0) };
  return { chargeDcW: sumOf(ports, powersW, 'charge') ?? 0, dischargeDcW: sumOf(ports, powersW, 'discharge') ?? 0 };
};

const sumOf = (ports: readonly DcPort[], values: readonly Value[], port: DcPort): Value => {
  let sum: Value;
  for (const [index, value] of values.entries()) if (ports[index] === port && value !== undefined) sum = (sum ?? 0) + value;
  return sum;
};

const portRefs = (trackers: MappedModel, ports: readonly DcPort[], name: string): PointRef[] =>
  ports.map((_, index) => ({ model: trackers, group: trackers.layout!, name, repeat: repeatAt(trackers.layout!, 'module', index) }));

const portsOf = async (trackers: MappedModel, read: HoldingReader): Promise<DcPort[]> => {
  const layout = trackers.layout!;
  const { words: moduleWords } = repeatAt(layout, 'module', 0).group;
  const count = Math.floor((trackers.length + 2 - layout.words) / moduleWords);
  const ports: DcPort[] = [];
  for (let index = 0; index < count; index += 1) {
    const { group, groupAt } = repeatAt(layout, 'module', index);
    const name = pointOf(group, 'IDStr');
    const words: Words = await read(trackers.at + groupAt + name.offset, name.words);
    ports.push(portOf(readText(words, 0, name.words)));
  }
  return ports;
};
