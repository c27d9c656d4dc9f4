import { clamp, type EpochMs, SECOND_MS, type Watt } from '../kernel/units.js';
import type { PowerWindow } from './battery.js';
import type { BatteryPack } from './spec.js';

/** What was written to a device's control registers, as `model.Point` in the point's unit, and when its timers run out. */
export interface DeviceControls {
  values: Record<string, number>;
  revertsAtMs: Record<string, EpochMs>;
}

/** A register a client may write, by `model.Point`. */
export interface ControlPoint {
  readonly key: string;
  readonly initial: number;
  readonly min: number;
  readonly max: number;
  /** What lies outside is brought to the nearest end; otherwise it is refused. */
  readonly clamps?: boolean;
}

const point = (key: string, initial: number, min: number, max: number, clamps = false): ControlPoint => ({
  key,
  initial,
  min,
  max,
  clamps,
});
/** The longest reversion of a 16-bit timer, whose last value means that there is none; and of a 32-bit one. */
const LONGEST_16_S = 65_534;
const LONGEST_32_S = 0x7fff_ffff;

/** Immediate controls. Windows and ramps of its own the device does not have: only 0 is taken for them. */
export const CONTROLS_123: readonly ControlPoint[] = [
  point('123.Conn_WinTms', 0, 0, 0),
  point('123.Conn_RvrtTms', 0, 0, LONGEST_16_S),
  point('123.Conn', 1, 0, 1),
  point('123.WMaxLimPct', 100, 0, 100),
  point('123.WMaxLimPct_WinTms', 0, 0, 0),
  point('123.WMaxLimPct_RvrtTms', 0, 0, LONGEST_16_S),
  point('123.WMaxLimPct_RmpTms', 0, 0, 0),
  point('123.WMaxLim_Ena', 0, 0, 1),
];

/** Storage controls; the rates are percents of WChaMax, and a negative rate turns a limit into a demand. */
export const controls124 = (pack: BatteryPack): readonly ControlPoint[] => [
  point('124.StorCtl_Mod', 0, 0, 3),
  point('124.MinRsvPct', pack.minSocPct, 0, 100),
  point('124.OutWRte', 100, -100, 100),
  point('124.InWRte', 100, -100, 100),
  point('124.InOutWRte_WinTms', 0, 0, 0),
  point('124.InOutWRte_RvrtTms', 0, 0, LONGEST_16_S),
  point('124.InOutWRte_RmpTms', 0, 0, 0),
];

export const controls704 = (pack: BatteryPack): readonly ControlPoint[] => [
  point('704.WMaxLimPctEna', 0, 0, 1),
  point('704.WMaxLimPct', 100, 0, 100),
  point('704.WMaxLimPctRvrt', 100, 0, 100),
  point('704.WMaxLimPctEnaRvrt', 0, 0, 1),
  point('704.WMaxLimPctRvrtTms', 0, 0, LONGEST_32_S),
  point('704.WSetEna', 0, 0, 1),
  point('704.WSetMod', 1, 0, 1),
  point('704.WSet', 0, -pack.maxChargeW, pack.maxDischargeW, true),
  point('704.WSetRvrt', 0, -pack.maxChargeW, pack.maxDischargeW, true),
  point('704.WSetPct', 0, -100, 100),
  point('704.WSetPctRvrt', 0, -100, 100),
  point('704.WSetEnaRvrt', 0, 0, 1),
  point('704.WSetRvrtTms', 0, 0, LONGEST_32_S),
];

export const controls802 = (pack: BatteryPack): readonly ControlPoint[] => [
  point('802.SoCRsvMin', pack.minSocPct, 0, 100),
  point('802.CtrlHb', 0, 0, 0xffff),
];

/** A battery that was once told of its controller's heart (802.CtrlHb) lets go when it has not beaten for this long. */
export const CONTROLLER_HEARTBEAT_S = 60;

interface Timer {
  readonly key: string;
  /** Writing one of these starts it anew. */
  readonly startedBy: readonly string[];
  readonly secondsOf: (values: Values) => number;
  readonly revert: (values: Record<string, number>) => void;
}
type Values = Readonly<Record<string, number>>;

const TIMERS: readonly Timer[] = [
  {
    key: '123.Conn',
    startedBy: ['123.Conn', '123.Conn_RvrtTms'],
    secondsOf: (values) => (values['123.Conn'] === 0 ? values['123.Conn_RvrtTms']! : 0),
    revert: (values) => {
      values['123.Conn'] = 1;
    },
  },
  {
    key: '123.WMaxLim',
    startedBy: ['123.WMaxLimPct', '123.WMaxLimPct_RvrtTms', '123.WMaxLim_Ena'],
    secondsOf: (values) => (values['123.WMaxLim_Ena'] === 1 ? values['123.WMaxLimPct_RvrtTms']! : 0),
    revert: (values) => {
      values['123.WMaxLim_Ena'] = 0;
    },
  },
  {
    key: '124.InOutWRte',
    startedBy: ['124.OutWRte', '124.InWRte', '124.StorCtl_Mod', '124.InOutWRte_RvrtTms'],
    secondsOf: (values) => (values['124.StorCtl_Mod'] === 0 ? 0 : values['124.InOutWRte_RvrtTms']!),
    revert: (values) => {
      values['124.StorCtl_Mod'] = 0;
    },
  },
  {
    key: '704.WMaxLimPct',
    startedBy: ['704.WMaxLimPct', '704.WMaxLimPctEna', '704.WMaxLimPctRvrtTms'],
    secondsOf: (values) => (values['704.WMaxLimPctEna'] === 1 ? values['704.WMaxLimPctRvrtTms']! : 0),
    revert: (values) => {
      values['704.WMaxLimPctEna'] = values['704.WMaxLimPctEnaRvrt']!;
      values['704.WMaxLimPct'] = values['704.WMaxLimPctRvrt']!;
    },
  },
  {
    key: '704.WSet',
    startedBy: ['704.WSet', '704.WSetPct', '704.WSetMod', '704.WSetEna', '704.WSetRvrtTms'],
    secondsOf: (values) => (values['704.WSetEna'] === 1 ? values['704.WSetRvrtTms']! : 0),
    revert: (values) => {
      values['704.WSetEna'] = values['704.WSetEnaRvrt']!;
      values['704.WSet'] = values['704.WSetRvrt']!;
      values['704.WSetPct'] = values['704.WSetPctRvrt']!;
    },
  },
  {
    key: '802.CtrlHb',
    startedBy: ['802.CtrlHb'],
    secondsOf: () => CONTROLLER_HEARTBEAT_S,
    revert: (values) => {
      values['704.WSetEna'] = 0;
      values['704.WMaxLimPctEna'] = 0;
    },
  },
];

export const initialControls = (points: readonly ControlPoint[]): DeviceControls => ({
  values: Object.fromEntries(points.map(({ key, initial }) => [key, initial])),
  revertsAtMs: {},
});

/** What a written value becomes, or `undefined` where the device refuses it. */
export const accepted = (control: ControlPoint, value: number): number | undefined => {
  if (value >= control.min && value <= control.max) return value;
  return control.clamps ? clamp(value, control.min, control.max) : undefined;
};

/** The controls after a write at `nowMs`. Timers of what was written start anew; a reversion time of 0 means none. */
export const written = (controls: DeviceControls, changes: Values, nowMs: EpochMs): DeviceControls => {
  const values = { ...controls.values, ...changes };
  const revertsAtMs = { ...controls.revertsAtMs };
  for (const timer of TIMERS) {
    if (!timer.startedBy.some((key) => key in changes)) continue;
    const seconds = timer.secondsOf(values);
    if (seconds > 0) revertsAtMs[timer.key] = nowMs + seconds * SECOND_MS;
    else delete revertsAtMs[timer.key];
  }
  return { values, revertsAtMs };
};

/** The controls at `nowMs`: what ran out has reverted. The same object where nothing has. */
export const expired = (controls: DeviceControls, nowMs: EpochMs): DeviceControls => {
  if (!Object.values(controls.revertsAtMs).some((revertAtMs) => revertAtMs <= nowMs)) return controls;
  const due = TIMERS.filter(({ key }) => (controls.revertsAtMs[key] ?? Infinity) <= nowMs);
  const after = { values: { ...controls.values }, revertsAtMs: { ...controls.revertsAtMs } };
  for (const timer of due) {
    timer.revert(after.values);
    delete after.revertsAtMs[timer.key];
  }
  return after;
};

/** Seconds until a timer runs out; 0 where it does not run. */
export const secondsLeft = (controls: DeviceControls, timer: string, nowMs: EpochMs): number =>
  Math.max(0, Math.ceil(((controls.revertsAtMs[timer] ?? nowMs) - nowMs) / SECOND_MS));

/** The most that models 123 or 704 let a device of this rating give; `Infinity` where there is no limit. */
export const ceilingW = ({ values }: DeviceControls, ratedW: Watt): Watt => {
  if (values['123.Conn'] === 0) return 0;
  if (values['123.WMaxLim_Ena'] === 1) return (values['123.WMaxLimPct']! * ratedW) / 100;
  if (values['704.WMaxLimPctEna'] === 1) return (values['704.WMaxLimPct']! * ratedW) / 100;
  return Infinity;
};

/** Active-power limit in force, in percent of the rating. */
export const limitPct = (controls: DeviceControls): number => Math.min(100, ceilingW(controls, 100));

/** What WChaMax says, which the rates of model 124 are percents of. */
export const chargeReferenceW = (pack: BatteryPack): Watt => Math.max(pack.maxChargeW, pack.maxDischargeW);

const FREE: PowerWindow = { minW: -Infinity, maxW: Infinity };

/** The powers that models 124 or 704 hold a battery within. */
export const windowOf = ({ values }: DeviceControls, pack: BatteryPack, ratedW: Watt): PowerWindow => {
  const mode = values['124.StorCtl_Mod'] ?? 0;
  if (mode !== 0) {
    const percentW = chargeReferenceW(pack) / 100;
    return {
      minW: mode & 1 ? -values['124.InWRte']! * percentW : -Infinity,
      maxW: mode & 2 ? values['124.OutWRte']! * percentW : Infinity,
    };
  }
  if (values['704.WSetEna'] !== 1) return FREE;
  const setW = values['704.WSetMod'] === 1 ? values['704.WSet']! : (values['704.WSetPct']! * ratedW) / 100;
  return { minW: setW, maxW: setW };
};

/** State of charge below which the battery was told not to go. */
export const reservePct = ({ values }: DeviceControls): number => values['124.MinRsvPct'] ?? values['802.SoCRsvMin'] ?? 0;

/** All registers of a site's devices that can be written, by device. */
export const controlPointsOf = (models: readonly string[], pack?: BatteryPack): readonly ControlPoint[] =>
  models.flatMap((model) => {
    if (model === '123') return CONTROLS_123;
    if (!pack) return [];
    if (model === '124') return controls124(pack);
    if (model === '704') return controls704(pack);
    return model === '802' ? controls802(pack) : [];
  });
