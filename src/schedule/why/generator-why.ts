import { HOUR_MS, SECOND_MS } from '../../kernel/units.js';
import { startMicroAfter } from '../generator-cost.js';
import { boundUntilMs, startedAt, toRestW } from '../generator-rules.js';
import { atStep, type GeneratorProblem, shareWithin } from '../problem.js';
import { heldW } from '../reserve-held.js';
import { generatorToldW } from '../told-by-hand.js';
import type { GeneratorPlan } from '../schedule.js';
import { hourMicro, type HourMicro } from './hour-micro.js';
import type { ExplainedPlan } from './plan-view.js';
import type { Reason } from './reason.js';

type Why = Omit<Reason, 'does'>;

/** Costs nearer than this are the same; micro-units per hour. */
const SLACK_MICRO_PER_H = 100;

/** Why a generator runs or stands at each step. */
export const generatorReasons = (seen: ExplainedPlan, generator: GeneratorProblem, plan: GeneratorPlan): Reason[] => {
  const one = new GeneratorWhy(seen, generator, plan);
  return plan.on.map((on, step) => ({ does: on ? 'runs' : 'stands', ...(on ? one.runs(step) : one.stands(step)) }));
};

class GeneratorWhy {
  private readonly startedMs: readonly (number | undefined)[];
  private readonly stoppedMs: readonly (number | undefined)[];
  private readonly hours: readonly number[];
  private readonly reserves: readonly { readonly id: string; readonly shortW: readonly number[] }[];

  constructor(
    private readonly seen: ExplainedPlan,
    private readonly generator: GeneratorProblem,
    private readonly plan: GeneratorPlan,
  ) {
    const { steps } = seen.plan;
    this.hours = steps.map(({ startMs, endMs }) => (endMs - startMs) / HOUR_MS);
    this.startedMs = startedAt(generator, plan.on, steps);
    this.stoppedMs = stoppedAt(generator, plan.on, steps);
    this.reserves = reservesWithout(seen, plan);
  }

  runs(step: number): Why {
    const { seen, generator, plan } = this;
    const { siteId } = generator;
    const powerW = plan.powerW[step]!;
    const told = this.told(step);
    if (told) return told;
    if (atStep(generator.mustRun, step)) return { code: 'must-run' };
    const event = seen.event(siteId, step, 'up');
    if (event && powerW > seen.slackW) return { ...event };
    const passed = seen.passedBy(siteId, step, powerW);
    if (passed) return { ...passed };
    const prices = this.prices(step, powerW);
    if (prices.gainMicroPerH >= -SLACK_MICRO_PER_H && powerW > seen.slackW) return { code: 'price-spread', ...prices.each };
    const reserve = this.reserves.find(({ shortW }) => shortW[step]! > seen.slackW);
    if (reserve) return { code: 'reserve', subject: reserve.id, beyondW: reserve.shortW[step]! };
    const { startMs } = seen.plan.steps[step]!;
    const startedMs = this.startedMs[step];
    if (startedMs !== undefined && startedMs < startMs && startMs < startedMs + generator.minUpS * SECOND_MS)
      return { code: 'minimum-up-time', otherMs: startedMs + generator.minUpS * SECOND_MS };
    const wasW = step === 0 ? generator.initial.powerW : plan.powerW[step - 1]!;
    if (wasW > toRestW(generator, seen.plan.steps, step) + seen.slackW) return { code: 'shut-down-ramp' };
    return this.ranBeforeAndAfter(step) ? { code: 'start-cost', ...prices.each } : { code: seen.otherwise() };
  }

  stands(step: number): Why {
    const { seen, generator } = this;
    const { startMs } = seen.plan.steps[step]!;
    if (!atStep(generator.available, step)) return { code: 'unavailable' };
    const told = this.told(step);
    if (told) return told;
    const stoppedMs = this.stoppedMs[step];
    const boundMs = stoppedMs === undefined ? boundUntilMs(generator) : stoppedMs + generator.minDownS * SECOND_MS;
    if (startMs < boundMs && (stoppedMs === undefined || stoppedMs < startMs)) return { code: 'minimum-down-time', otherMs: boundMs };
    if (this.spent(step)) return { code: 'budget' };
    const room = seen.passedBy(generator.siteId, step, -generator.minW);
    if (room) return { code: 'minimum-power', subject: room.subject, beyondW: room.beyondW };
    const gridW = seen.gridW(generator.siteId, step);
    const levels = [generator.minW, generator.maxW, Math.min(generator.maxW, Math.max(generator.minW, gridW))];
    const prices = levels.map((powerW) => this.prices(step, powerW)).toSorted((a, b) => b.gainMicroPerH - a.gainMicroPerH);
    const [best] = prices;
    if (best!.gainMicroPerH > SLACK_MICRO_PER_H)
      return this.kept(step) ? { code: 'start-cost', ...best!.each } : { code: seen.otherwise() };
    const cheapest = prices.toSorted((a, b) => a.each.microPerKwh - b.each.microPerKwh)[0]!;
    const dearestMicro = Math.max(seen.importMicro(generator.siteId, step), seen.exportMicro(generator.siteId, step));
    return cheapest.each.microPerKwh >= dearestMicro
      ? { code: 'price-spread', microPerKwh: cheapest.each.microPerKwh, otherMicroPerKwh: dearestMicro }
      : { code: 'minimum-power', ...best!.each };
  }

  /** Whether it runs or stands as a person has set it; a power that ramps or limits keep it from is not its reason. */
  private told(step: number): Why | undefined {
    const { override } = this.generator;
    const toldW = generatorToldW(this.generator, step);
    if (!override || toldW === undefined || this.plan.on[step] !== toldW > 0) return undefined;
    return { code: 'override', ...(override.by === undefined ? {} : { subject: override.by }) };
  }

  /** What a kWh costs at a power and what it is worth: what it spares of import, then what it earns. */
  private prices(step: number, powerW: number): { gainMicroPerH: number; each: { microPerKwh: number; otherMicroPerKwh: number } } {
    const { seen, generator, plan } = this;
    const without = seen.gridW(generator.siteId, step) + plan.powerW[step]!;
    const sparedW = Math.min(powerW, Math.max(0, without));
    const cost: HourMicro = hourMicro(generator, powerW, seen.problem.co2MicroPerKg);
    const kilowatts = Math.max(powerW, 1e-3) / 1_000;
    const worth =
      (sparedW / 1_000) * seen.importMicro(generator.siteId, step) +
      ((powerW - sparedW) / 1_000) * seen.exportMicro(generator.siteId, step);
    return { gainMicroPerH: worth - cost, each: { microPerKwh: cost / kilowatts, otherMicroPerKwh: worth / kilowatts } };
  }

  private ranBeforeAndAfter(step: number): boolean {
    const { on } = this.plan;
    const ran = step === 0 ? this.generator.initial.on : on[step - 1]!;
    return ran && on.slice(step).includes(true);
  }

  /** Whether all it could gain around a step, while it stands, would be eaten up by another start. */
  private kept(step: number): boolean {
    const { on } = this.plan;
    let [from, to] = [step, step];
    while (from > 0 && !on[from - 1]) from -= 1;
    while (to + 1 < on.length && !on[to + 1]) to += 1;
    let gainMicro = 0;
    for (let at = from; at <= to; at += 1) {
      const gridW = this.seen.gridW(this.generator.siteId, at);
      const levels = [this.generator.minW, this.generator.maxW, Math.min(this.generator.maxW, Math.max(this.generator.minW, gridW))];
      gainMicro += Math.max(0, ...levels.map((powerW) => this.prices(at, powerW).gainMicroPerH)) * this.hours[at]!;
    }
    const offMs = this.seen.plan.steps[step]!.startMs - (this.stoppedMs[step] ?? -Infinity);
    return gainMicro <= startMicroAfter(this.generator, offMs);
  }

  private spent(step: number): boolean {
    const { steps } = this.seen.plan;
    return this.generator.budgets.some((budget) => {
      if (shareWithin(budget, steps[step]!) === 0) return false;
      let [energyWh, runS, fuel, starts] = [0, 0, 0, 0];
      this.plan.on.forEach((on, at) => {
        const inside = shareWithin(budget, steps[at]!) * this.hours[at]!;
        const ran = at === 0 ? this.generator.initial.on : this.plan.on[at - 1]!;
        if (on && !ran && steps[at]!.startMs >= budget.startMs && steps[at]!.startMs < budget.endMs) starts += 1;
        if (!on) return;
        energyWh += this.plan.powerW[at]! * inside;
        runS += inside * 3_600;
        fuel += (this.generator.noLoadFuelPerH + (this.plan.powerW[at]! / 1_000) * this.generator.fuelPerKwh) * inside;
      });
      const hour = shareWithin(budget, steps[step]!) * this.hours[step]!;
      const { minW, noLoadFuelPerH, fuelPerKwh } = this.generator;
      return (
        energyWh + minW * hour > (budget.energyWh ?? Infinity) ||
        runS + hour * 3_600 > (budget.runS ?? Infinity) + 1 ||
        fuel + (noLoadFuelPerH + (minW / 1_000) * fuelPerKwh) * hour > (budget.fuel ?? Infinity) ||
        starts >= (budget.starts ?? Infinity)
      );
    });
  }
}

/** Since when it stands, step by step: of this plan or before it; `undefined` while it runs or where nobody knows. */
const stoppedAt = (
  { initial }: GeneratorProblem,
  on: readonly boolean[],
  steps: ExplainedPlan['plan']['steps'],
): (number | undefined)[] => {
  let stoppedMs = initial.on ? undefined : initial.sinceMs;
  let running = initial.on;
  return steps.map(({ startMs }, step) => {
    if (running && !on[step]) stoppedMs = startMs;
    running = on[step]!;
    return running ? undefined : stoppedMs;
  });
};

/** What each reserve would lack if the generator stood. */
const reservesWithout = ({ problem, plan }: ExplainedPlan, { generatorId }: GeneratorPlan): { id: string; shortW: number[] }[] => {
  if (problem.reserves.length === 0) return [];
  const without = {
    ...plan,
    generators: plan.generators.map((one) =>
      one.generatorId === generatorId ? { ...one, on: one.on.map(() => false), powerW: one.powerW.map(() => 0) } : one,
    ),
  };
  return problem.reserves
    .filter(({ direction }) => direction === 'up')
    .map((reserve) => {
      const held = heldW(problem, without, reserve);
      return { id: reserve.id, shortW: held.map((powerW, step) => atStep(reserve.powerW, step) - powerW) };
    });
};
