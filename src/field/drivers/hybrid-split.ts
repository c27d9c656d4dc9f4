import type { Watt } from '../../kernel/units.js';

/** What a hybrid inverter tells: AC power out of its terminal, and the DC powers behind it, none of them negative. */
export interface HybridPowers {
  readonly acW: Watt;
  readonly sunDcW: Watt;
  readonly chargeDcW: Watt;
  readonly dischargeDcW: Watt;
}

export interface HybridSplit {
  readonly pvW: Watt;
  readonly batteryW: Watt;
}

/**
 * Splits the AC output of a hybrid between sun and battery so that the two sum to it exactly. Sun is never more than its
 * strings gave, and what came out of a battery is never called sun:
 * - while it discharges, each side bears the inverter's loss in proportion to its DC power;
 * - while it charges, the battery took what it took on its DC side, and the sun gave the rest of the output on top of that,
 *   as far as the strings did; what they did not give came from the grid.
 */
export const splitHybrid = ({ acW, sunDcW, chargeDcW, dischargeDcW }: HybridPowers): HybridSplit => {
  const batteryDcW = dischargeDcW - chargeDcW;
  const pvW =
    batteryDcW > 0 && acW > 0
      ? Math.min((acW * sunDcW) / (sunDcW + batteryDcW), sunDcW)
      : Math.min(Math.max(acW + Math.max(-batteryDcW, 0), 0), sunDcW);
  return { pvW, batteryW: acW - pvW };
};

/** A DC port of a hybrid: a string of modules, or one way of its battery. */
export type DcPort = 'sun' | 'charge' | 'discharge';

/** What a model-160 module is, by its name. Inverters with storage name two of them, such as "StCha 3" and "StDisCha 4". */
export const portOf = (idString: string | undefined): DcPort => {
  const name = (idString ?? '').toLowerCase().replaceAll(/[^a-z]/g, '');
  if (/dis(cha|chg|ch)/.test(name)) return 'discharge';
  return /cha|chg/.test(name) ? 'charge' : 'sun';
};

/** DC energy counters of the three kinds of port, as far as the device has them. */
export interface HybridDcCounters {
  readonly sunWh?: number;
  readonly chargeWh?: number;
  readonly dischargeWh?: number;
}

export interface HybridAcCounters {
  readonly pvToBusWh?: number;
  readonly batteryToBusWh?: number;
  readonly batteryFromBusWh?: number;
}

/** Where both kinds of counter stood at one moment; what was not known then is absent. */
export interface HybridCounted {
  readonly dc: HybridDcCounters;
  readonly ac: HybridAcCounters;
}

/** Charging takes more at the AC terminal than reaches the battery; near 0 W the quotient is noise. */
const LARGEST_RATIO = 1.25;

type Register = keyof HybridDcCounters;

const AC_OF = { sunWh: 'pvToBusWh', dischargeWh: 'batteryToBusWh', chargeWh: 'batteryFromBusWh' } as const satisfies Record<
  Register,
  keyof HybridAcCounters
>;

/**
 * Until power was seen to flow. What was made before the first reading is counted on the low side: the least that today's
 * hybrids give of it at their terminal.
 */
const FIRST_RATIO: Readonly<Record<Register, number>> = { sunWh: 0.95, dischargeWh: 0.95, chargeWh: 1 };

interface Progress {
  lastWh: number;
  countedWh: number;
  ratio: number;
}

/**
 * AC counters of sun and battery, which a hybrid does not have itself: its DC counters, each step weighted with the share
 * that was at the AC terminal at the time. They go on from where they stood, as a meter's do that was not read for a while;
 * without that they begin at 0, as a meter's do after a reset.
 */
export class HybridCounters {
  private readonly progress: Partial<Record<Register, Progress>> = {};

  constructor(private readonly earlier: HybridCounted = { dc: {}, ac: {} }) {}

  count(dc: HybridDcCounters, powers: HybridPowers, split: HybridSplit): HybridAcCounters {
    return {
      pvToBusWh: this.advance('sunWh', dc.sunWh, split.pvW, powers.sunDcW),
      batteryToBusWh: this.advance('dischargeWh', dc.dischargeWh, Math.max(split.batteryW, 0), powers.dischargeDcW),
      batteryFromBusWh: this.advance('chargeWh', dc.chargeWh, Math.max(-split.batteryW, 0), powers.chargeDcW),
    };
  }

  private advance(register: Register, nowWh: number | undefined, acW: number, dcW: number): number | undefined {
    if (nowWh === undefined) return undefined;
    const progress = (this.progress[register] ??= this.first(register, nowWh));
    if (dcW > 0) progress.ratio = Math.min(acW / dcW, LARGEST_RATIO);
    // A counter that fell was reset; what it counted meanwhile is not known.
    if (nowWh > progress.lastWh) progress.countedWh += (nowWh - progress.lastWh) * progress.ratio;
    progress.lastWh = nowWh;
    return progress.countedWh;
  }

  private first(register: Register, nowWh: number): Progress {
    const { dc, ac } = this.earlier;
    return { lastWh: dc[register] ?? nowWh, countedWh: ac[AC_OF[register]] ?? 0, ratio: FIRST_RATIO[register] };
  }
}
