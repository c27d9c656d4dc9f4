import { floorWhOf, throughputWh } from '../battery-problem.js';
import { batteryToldW } from '../told-by-hand.js';
import { HOUR_MS } from '../../kernel/units.js';
import { atStep, type BatteryProblem } from '../problem.js';
import type { BatteryPlan } from '../schedule.js';
import type { ExplainedPlan, Held } from './plan-view.js';
import type { Reason } from './reason.js';

/** Stored energies nearer than this are the same; Wh. */
const SLACK_WH = 2;
/** Prices nearer than this are the same; micro-units per kWh. */
const SLACK_MICRO = 10;

/** Why a battery does what it does at each step. */
export const batteryReasons = (seen: ExplainedPlan, battery: BatteryProblem, plan: BatteryPlan): Reason[] => {
  const one = new BatteryWhy(seen, battery, plan);
  return plan.powerW.map((powerW, step) => {
    const told = one.told(step);
    if (told) return { does: powerW < -seen.slackW ? 'charges' : powerW > seen.slackW ? 'discharges' : 'rests', ...told };
    if (powerW < -seen.slackW) return { does: 'charges', ...one.charges(step) };
    if (powerW > seen.slackW) return { does: 'discharges', ...one.discharges(step) };
    return { does: 'rests', ...one.rests(step) };
  });
};

type Why = Omit<Reason, 'does'>;

const whyOf = ({ code, subject, beyondW }: Held): Why => ({ code, ...(subject === undefined ? {} : { subject }), beyondW });

class BatteryWhy {
  constructor(
    private readonly seen: ExplainedPlan,
    private readonly battery: BatteryProblem,
    private readonly plan: BatteryPlan,
  ) {}

  /** Why it does what a person has set it to, or which limit cuts that; where it is empty or full the other reasons say so. */
  told(step: number): Why | undefined {
    const { seen, battery, plan } = this;
    const { override } = battery;
    const askedW = override?.powerW[step] ?? null;
    if (!override || askedW === null) return undefined;
    const { startMs, endMs } = seen.plan.steps[step]!;
    const toldW = batteryToldW(battery, step, this.before(step), (endMs - startMs) / HOUR_MS)!;
    const lessW = plan.powerW[step]! - toldW;
    if (Math.abs(lessW) > seen.slackW) {
      if (seen.mayNotTake(battery.siteId, step, lessW)) return { code: 'load-limit' };
      const cut = seen.passedBy(battery.siteId, step, lessW);
      return cut && cut.code !== 'demand-charge' ? whyOf(cut) : undefined;
    }
    if (Math.abs(toldW) <= seen.slackW && Math.abs(askedW) > seen.slackW) return undefined;
    return { code: 'override', ...(override.by === undefined ? {} : { subject: override.by }) };
  }

  charges(step: number): Why {
    const { seen, battery, plan } = this;
    const powerW = plan.powerW[step]!;
    if (this.before(step) < this.floorWh(step) - SLACK_WH) return { code: 'recovery' };
    const event = seen.event(battery.siteId, step, 'down');
    if (event) return whyOf(event);
    const passed = seen.passedBy(battery.siteId, step, powerW);
    if (passed) return whyOf(passed);
    const costMicro = this.sourceMicro(step);
    if (costMicro < 0) return { code: 'negative-price', microPerKwh: costMicro };
    const use = this.laterUse(step);
    const worth = use === undefined ? 0 : this.worthOfGiven(use).inMicro;
    const pays = use !== undefined && worth * this.roundTrip() - battery.wearMicroPerKwh * this.roundTrip() >= costMicro - SLACK_MICRO;
    const prices = { microPerKwh: costMicro, otherMicroPerKwh: worth, ...(use === undefined ? {} : { otherMs: this.atMs(use) }) };
    if (pays && this.fromSun(step) && this.forOwnLoad(use)) return { code: 'self-consumption', ...prices };
    if (pays) return { code: 'price-spread', ...prices };
    if (battery.chargeDemands.some((demand) => demand.step === step)) return { code: 'charge-demand' };
    const target = battery.targets.find((one) => one.step >= step && plan.energyWh[one.step]! <= one.energyWh + SLACK_WH);
    if (target) return { code: 'energy-target', otherMs: seen.plan.steps[target.step]!.endMs };
    const endMicro = battery.terminalMicroPerKwh;
    if (endMicro * battery.chargeEfficiency >= costMicro - SLACK_MICRO)
      return { code: 'value-at-end', microPerKwh: costMicro, otherMicroPerKwh: endMicro };
    const rising = this.risingFloor(step);
    if (rising !== undefined) return { code: 'reserve-floor', otherMs: this.atMs(rising) };
    return this.reserveFrom(step, 'up') ?? { code: seen.otherwise() };
  }

  discharges(step: number): Why {
    const { seen, battery, plan } = this;
    const powerW = plan.powerW[step]!;
    if (this.before(step) > battery.maxEnergyWh + SLACK_WH) return { code: 'recovery' };
    const event = seen.event(battery.siteId, step, 'up');
    if (event) return whyOf(event);
    const passed = seen.passedBy(battery.siteId, step, powerW);
    if (passed) return whyOf(passed);
    const { inMicro } = this.worthOfGiven(step);
    const source = this.sourceStep(step);
    const costMicro = source === undefined ? undefined : this.sourceMicro(source);
    const paid =
      costMicro === undefined
        ? inMicro * battery.dischargeEfficiency >= battery.terminalMicroPerKwh - SLACK_MICRO
        : (inMicro - battery.wearMicroPerKwh) * this.roundTrip() >= costMicro - SLACK_MICRO;
    const stored =
      source === undefined
        ? { otherMicroPerKwh: battery.terminalMicroPerKwh }
        : { otherMicroPerKwh: costMicro, otherMs: this.atMs(source) };
    if (!paid) return this.reserveFrom(step, 'down') ?? { code: seen.otherwise() };
    if (seen.gridW(battery.siteId, step) >= -seen.slackW) return { code: 'self-consumption', microPerKwh: inMicro, ...stored };
    return { code: 'price-spread', microPerKwh: inMicro, ...stored };
  }

  rests(step: number): Why {
    const { seen, battery } = this;
    if (atStep(battery.maxChargeW, step) <= seen.slackW && atStep(battery.maxDischargeW, step) <= seen.slackW)
      return { code: 'unavailable' };
    const stored = this.before(step);
    const floor = this.floorWh(step);
    if (stored <= floor + SLACK_WH) return { code: floor > battery.minEnergyWh ? 'reserve-floor' : 'empty' };
    const { inMicro } = seen.worth(battery.siteId, step);
    const use = this.laterUse(step);
    const later = use === undefined ? undefined : this.worthOfGiven(use).inMicro;
    if (use !== undefined && later! >= inMicro - SLACK_MICRO)
      return { code: 'price-spread', microPerKwh: inMicro, otherMicroPerKwh: later, otherMs: this.atMs(use) };
    if (stored >= battery.maxEnergyWh - SLACK_WH) return { code: 'full' };
    const held = this.reserveFrom(step, 'up') ?? this.reserveFrom(step, 'down');
    if (held) return held;
    if (this.spent()) return { code: 'budget' };
    const keptMicro = (inMicro - battery.wearMicroPerKwh) * battery.dischargeEfficiency;
    if (battery.terminalMicroPerKwh >= keptMicro - SLACK_MICRO)
      return { code: 'value-at-end', microPerKwh: inMicro, otherMicroPerKwh: battery.terminalMicroPerKwh };
    if (inMicro <= battery.wearMicroPerKwh) return { code: 'no-gain', microPerKwh: inMicro, otherMicroPerKwh: battery.wearMicroPerKwh };
    return { code: seen.otherwise() };
  }

  private atMs(step: number): number {
    return this.seen.plan.steps[step]!.startMs;
  }

  private roundTrip(): number {
    return this.battery.chargeEfficiency * this.battery.dischargeEfficiency;
  }

  private before(step: number): number {
    return step === 0 ? this.battery.initialEnergyWh : this.plan.energyWh[step - 1]!;
  }

  private floorWh(step: number): number {
    return floorWhOf(this.battery, step);
  }

  /** Whether more than half of what it charges the site would give away without it. */
  private fromSun(step: number): boolean {
    const powerW = this.plan.powerW[step]!;
    const { plan } = this.seen.site(this.battery.siteId);
    return plan.gridW[step]! + powerW - plan.curtailedW[step]! <= powerW / 2;
  }

  /** What a kWh it charges costs: what it would have earned, or what it is bought for. */
  private sourceMicro(step: number): number {
    const { seen, battery } = this;
    if (seen.worth(battery.siteId, step).outMicro < 0) return seen.worth(battery.siteId, step).outMicro;
    return this.fromSun(step) && seen.gridW(battery.siteId, step) <= seen.slackW
      ? seen.exportMicro(battery.siteId, step)
      : seen.worth(battery.siteId, step).outMicro;
  }

  private worthOfGiven(step: number): { inMicro: number } {
    const { seen, battery } = this;
    return seen.gridW(battery.siteId, step) >= -seen.slackW
      ? { inMicro: seen.importMicro(battery.siteId, step) }
      : seen.worth(battery.siteId, step);
  }

  private forOwnLoad(step: number | undefined): boolean {
    return step !== undefined && this.seen.gridW(this.battery.siteId, step) >= -this.seen.slackW;
  }

  /** The best step at which it discharges what it holds now, before it has been empty. */
  private laterUse(step: number): number | undefined {
    let best: number | undefined;
    for (let later = step + 1; later < this.plan.powerW.length; later += 1) {
      if (this.before(later) <= this.floorWh(later) + SLACK_WH && later > step + 1) break;
      if (this.plan.powerW[later]! <= this.seen.slackW) continue;
      if (best === undefined || this.worthOfGiven(later).inMicro > this.worthOfGiven(best).inMicro) best = later;
    }
    return best;
  }

  /** The last step at which it charged what it gives now. */
  private sourceStep(step: number): number | undefined {
    for (let earlier = step - 1; earlier >= 0; earlier -= 1) if (this.plan.powerW[earlier]! < -this.seen.slackW) return earlier;
    return undefined;
  }

  private risingFloor(step: number): number | undefined {
    const later = this.plan.energyWh.findIndex(
      (energyWh, at) => at > step && energyWh <= this.floorWh(at) + SLACK_WH && this.floorWh(at) > this.before(step),
    );
    return later < 0 ? undefined : later;
  }

  private spent(): boolean {
    const { steps } = this.seen.plan;
    const allowedWh = throughputWh(this.battery, steps[0]!.startMs, steps.at(-1)!.endMs);
    const givenWh = this.plan.powerW.reduce(
      (sum, powerW, step) => sum + (Math.max(0, powerW) * (steps[step]!.endMs - steps[step]!.startMs)) / HOUR_MS,
      0,
    );
    return givenWh >= allowedWh - SLACK_WH;
  }

  /** A reserve that is held no more than asked for, now or at the step after: its energy is kept for it. */
  private reserveFrom(step: number, direction: 'up' | 'down'): Why | undefined {
    const { problem, plan } = this.seen;
    for (const [r, reserve] of problem.reserves.entries()) {
      if (reserve.direction !== direction || !(reserve.siteIds?.includes(this.battery.siteId) ?? true)) continue;
      for (const at of [step, step + 1])
        if (at < plan.steps.length && atStep(reserve.powerW, at) > 0 && plan.reserves[r]!.heldW[at]! > this.seen.slackW)
          return { code: 'reserve', subject: reserve.id };
    }
    return undefined;
  }
}
