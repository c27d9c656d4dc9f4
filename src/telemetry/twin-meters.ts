import type { Sample } from '../field/sample.js';
import type { Device, DeviceId } from '../fleet/plant.js';
import { type DurationMs, energyWh, type EpochMs, MINUTE_MS, type Watt, type WattHour } from '../kernel/units.js';
import { resolutionWh } from './counter-step.js';
import { flowOfCounter, type GateLimits } from './gate-limits.js';
import { COUNTERS, type CounterQuantity } from './metering.js';

/** One counter of a device over one window. `rank` is the device's place in the fleet file. */
interface Stretch {
  readonly deviceId: DeviceId;
  readonly rank: number;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly fromWh: WattHour;
  readonly toWh: WattHour;
}

interface Candidate {
  readonly windows: number;
  readonly toMs: EpochMs;
}

const WINDOW_MS: DurationMs = 15 * MINUTE_MS;
/** Windows that end this close are the same window. */
const SAME_WINDOW_MS: DurationMs = MINUTE_MS;
/** Energy that a window has to hold before two that agree are more than two that rest. */
const MOVED_WH = 100;
/** Windows in a row in which two counters have to agree before they are called one. */
const SURE_WINDOWS = 2;
/** Two looks at one counter are never further apart; peers are looked for in strides of this size. */
const STRIDE_WH = 50;

/**
 * Finds meters that are in the fleet twice: behind two gateways, or under a unit id that a meter answers besides its own. Two
 * devices whose counter stands the same, and rises the same, window after window, are one: the later in the fleet file is the
 * twin. Counting both would double the energy.
 */
export class TwinMeters {
  private readonly counters = new Map<CounterQuantity, TwinCounters>(COUNTERS.map((counter) => [counter, new TwinCounters()]));

  /** Takes one sample that passed the gate. Answers the device that it repeats, if any. */
  follow(sample: Sample, device: Device, rank: number, limits: GateLimits): DeviceId | undefined {
    let twinOf: DeviceId | undefined;
    for (const [counter, twins] of this.counters) {
      const counterWh = sample.values[counter];
      if (counterWh === undefined) continue;
      const at = { deviceId: device.id, rank, atMs: sample.atMs, counterWh };
      twinOf ??= twins.follow(at, limits.maxPowerW[flowOfCounter(counter)] ?? 0);
    }
    return twinOf;
  }
}

interface Look {
  readonly deviceId: DeviceId;
  readonly rank: number;
  readonly atMs: EpochMs;
  readonly counterWh: WattHour;
}

/** The same for one kind of counter. */
class TwinCounters {
  private readonly open = new Map<DeviceId, Look>();
  private readonly closed = new Map<DeviceId, Stretch>();
  private readonly byStride = new Map<number, Set<DeviceId>>();
  private readonly candidates = new Map<string, Candidate>();
  /** From the twin to the device that it repeats, and back. */
  private readonly firstOf = new Map<DeviceId, DeviceId>();
  private readonly twinOf = new Map<DeviceId, DeviceId>();

  follow(look: Look, maxPowerW: Watt): DeviceId | undefined {
    const { deviceId, rank, atMs: toMs, counterWh: toWh } = look;
    const began = this.open.get(deviceId);
    if (!began) this.open.set(deviceId, look);
    else if (toMs - began.atMs >= WINDOW_MS) {
      this.open.set(deviceId, look);
      this.close({ deviceId, rank, fromMs: began.atMs, toMs, fromWh: began.counterWh, toWh }, maxPowerW);
    }
    return this.firstOf.get(deviceId);
  }

  private close(stretch: Stretch, maxPowerW: Watt): void {
    this.file(stretch);
    if (stretch.toWh - stretch.fromWh < MOVED_WH) return;
    const known = this.closed.get(this.firstOf.get(stretch.deviceId) ?? this.twinOf.get(stretch.deviceId) ?? '');
    if (known) {
      if (isSameWindow(known, stretch) && !agree(known, stretch, maxPowerW)) this.part(known, stretch);
      return;
    }
    for (const peer of this.near(stretch)) if (agree(peer, stretch, maxPowerW)) return this.note(peer, stretch);
  }

  private file(stretch: Stretch): void {
    const { deviceId } = stretch;
    const last = this.closed.get(deviceId);
    if (last) this.byStride.get(strideOf(last))?.delete(deviceId);
    this.closed.set(deviceId, stretch);
    const beside = this.byStride.get(strideOf(stretch)) ?? new Set();
    this.byStride.set(strideOf(stretch), beside.add(deviceId));
    if (last && this.byStride.get(strideOf(last))?.size === 0) this.byStride.delete(strideOf(last));
  }

  private *near(stretch: Stretch): Iterable<Stretch> {
    const stride = strideOf(stretch);
    for (const at of [stride, stride - 1, stride + 1]) {
      for (const deviceId of this.byStride.get(at) ?? []) if (deviceId !== stretch.deviceId) yield this.closed.get(deviceId)!;
    }
  }

  private note(a: Stretch, b: Stretch): void {
    const [first, twin] = inFileOrder(a, b);
    const pair = `${first} ${twin}`;
    const before = this.candidates.get(pair);
    const inARow = before && b.toMs - before.toMs < 2 * WINDOW_MS;
    const windows = inARow ? before.windows + 1 : 1;
    this.candidates.set(pair, { windows, toMs: b.toMs });
    if (windows < SURE_WINDOWS) return;
    this.candidates.delete(pair);
    this.firstOf.set(twin, first);
    this.twinOf.set(first, twin);
  }

  private part(a: Stretch, b: Stretch): void {
    const [first, twin] = inFileOrder(a, b);
    this.firstOf.delete(twin);
    this.twinOf.delete(first);
  }
}

const inFileOrder = (a: Stretch, b: Stretch): [first: DeviceId, twin: DeviceId] =>
  a.rank < b.rank ? [a.deviceId, b.deviceId] : [b.deviceId, a.deviceId];

const strideOf = ({ toWh }: Stretch): number => Math.floor(toWh / STRIDE_WH);

const isSameWindow = (a: Stretch, b: Stretch): boolean =>
  Math.max(Math.abs(a.fromMs - b.fromMs), Math.abs(a.toMs - b.toMs)) <= SAME_WINDOW_MS;

/** Two looks at one counter differ by what it moves between them. */
const agree = (a: Stretch, b: Stretch, maxPowerW: Watt): boolean =>
  isSameWindow(a, b) &&
  isOneLook(a.fromWh, b.fromWh, a.fromMs - b.fromMs, maxPowerW) &&
  isOneLook(a.toWh, b.toWh, a.toMs - b.toMs, maxPowerW);

const isOneLook = (aWh: WattHour, bWh: WattHour, apartMs: DurationMs, maxPowerW: Watt): boolean =>
  Math.abs(aWh - bWh) <= Math.min(STRIDE_WH, energyWh(maxPowerW, Math.abs(apartMs)) + resolutionWh(aWh, bWh));
