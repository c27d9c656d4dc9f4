import type { Sample } from '../field/sample.js';
import type { Device, DeviceId } from '../fleet/plant.js';
import { type DurationMs, energyWh, type EpochMs, MINUTE_MS, type Watt, type WattHour } from '../kernel/units.js';
import { resolutionWh } from './counter-step.js';
import { flowOfCounter, type GateLimits } from './gate-limits.js';
import { COUNTERS, type CounterQuantity, QUANTITIES_OF_FLOW } from './metering.js';

/** One counter of a device over one window. `rank` is the device's place in the fleet file. */
interface Stretch {
  readonly deviceId: DeviceId;
  readonly rank: number;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly fromWh: WattHour;
  readonly toWh: WattHour;
  /** Mean of what was read; absent where the device tells none. */
  readonly powerW?: Watt;
}

interface Candidate {
  readonly windows: number;
  readonly movedWh: WattHour;
  readonly toMs: EpochMs;
}

const WINDOW_MS: DurationMs = 15 * MINUTE_MS;
/** Windows that end this close are the same window. */
const SAME_WINDOW_MS: DurationMs = MINUTE_MS;
/** Energy that a window has to hold before two that agree are more than two that rest. */
const MOVED_WH = 100;
/** Windows in a row in which two counters have to agree before they are called one. */
const SURE_WINDOWS = 2;
/** Counters with steps of this size agree by chance: it takes more windows, which together hold so many steps. */
const COARSE_WH = 10;
const SURE_COARSE_WINDOWS = 6;
const SURE_STEPS = 20;
/** Mean powers of one meter that is read at different moments are this close. */
const SAME_POWER_W: Watt = 100;
const SAME_POWER_SHARE = 0.1;
/** Two looks at one counter are never further apart; peers are looked for in strides of this size. */
const STRIDE_WH = 50;

/**
 * Finds meters that are in the fleet twice: behind two gateways, or under a unit id that a meter answers besides its own. Two
 * devices whose counter stands the same, and rises the same at the same power, window after window, are one: the later in the fleet file is the
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
      const flow = flowOfCounter(counter);
      const at = { deviceId: device.id, rank, atMs: sample.atMs, counterWh, powerW: sample.values[QUANTITIES_OF_FLOW[flow].power] };
      twinOf ??= twins.follow(at, limits.maxPowerW[flow] ?? 0);
    }
    return twinOf;
  }
}

interface Look {
  readonly deviceId: DeviceId;
  readonly rank: number;
  readonly atMs: EpochMs;
  readonly counterWh: WattHour;
  readonly powerW: Watt | undefined;
}

/** A window that is not over yet. */
interface OpenWindow {
  readonly began: Look;
  powers: number;
  sumW: number;
}

/** The same for one kind of counter. */
class TwinCounters {
  private readonly open = new Map<DeviceId, OpenWindow>();
  private readonly closed = new Map<DeviceId, Stretch>();
  private readonly byStride = new Map<number, Set<DeviceId>>();
  private readonly candidates = new Map<string, Candidate>();
  /** From the twin to the device that it repeats, and back. */
  private readonly firstOf = new Map<DeviceId, DeviceId>();
  private readonly twinOf = new Map<DeviceId, DeviceId>();

  follow(look: Look, maxPowerW: Watt): DeviceId | undefined {
    const { deviceId, rank, atMs: toMs, counterWh: toWh } = look;
    const window = this.open.get(deviceId);
    if (!window || toMs - window.began.atMs >= WINDOW_MS) this.open.set(deviceId, { began: look, powers: 0, sumW: 0 });
    if (window && look.powerW !== undefined) {
      window.powers += 1;
      window.sumW += look.powerW;
    }
    if (window && toMs - window.began.atMs >= WINDOW_MS) {
      const { began, powers, sumW } = window;
      const powerW = powers > 0 ? sumW / powers : undefined;
      this.close({ deviceId, rank, fromMs: began.atMs, toMs, fromWh: began.counterWh, toWh, powerW }, maxPowerW);
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
    for (const peer of this.near(stretch)) if (agree(peer, stretch, maxPowerW) && isSamePower(peer, stretch)) this.note(peer, stretch);
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
    const movedWh = b.toWh - b.fromWh + (inARow ? before.movedWh : 0);
    this.candidates.set(pair, { windows, movedWh, toMs: b.toMs });
    const stepWh = resolutionWh(a.fromWh, a.toWh, b.fromWh, b.toWh);
    if (windows < (stepWh >= COARSE_WH ? SURE_COARSE_WINDOWS : SURE_WINDOWS) || movedWh < SURE_STEPS * stepWh) return;
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

const isSamePower = (a: Stretch, b: Stretch): boolean =>
  a.powerW === undefined ||
  b.powerW === undefined ||
  Math.abs(a.powerW - b.powerW) <= SAME_POWER_W + SAME_POWER_SHARE * Math.max(Math.abs(a.powerW), Math.abs(b.powerW));

/** Two looks at one counter differ by what it moves between them. */
const agree = (a: Stretch, b: Stretch, maxPowerW: Watt): boolean =>
  isSameWindow(a, b) &&
  isOneLook(a.fromWh, b.fromWh, a.fromMs - b.fromMs, maxPowerW) &&
  isOneLook(a.toWh, b.toWh, a.toMs - b.toMs, maxPowerW);

const isOneLook = (aWh: WattHour, bWh: WattHour, apartMs: DurationMs, maxPowerW: Watt): boolean =>
  Math.abs(aWh - bWh) <= Math.min(STRIDE_WH, energyWh(maxPowerW, Math.abs(apartMs)) + resolutionWh(aWh, bWh));
