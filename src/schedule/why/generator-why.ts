import { HOUR_MS, SECOND_MS } from '../../kernel/units.js';
import { startMicroAfter } from '../generator-cost.js';
import { fromRestW, rampUpW, startedAt, toRestW } from '../generator-rules.js';
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
    return this.runsOn(step) ?? { code: seen.otherwise() };
  }

  /** What has it run at a loss: its times, its ramp, or a later step. */
  private runsOn(step: number): Why | undefined {
    const { seen, generator, plan } = this;
    const { startMs } = seen.plan.steps[step]!;
    const startedMs = this.startedMs[step]!;
    const warmMs = startedMs + generator.warmUpS * SECOND_MS;
    if (startMs < warmMs) return { code: 'warm-up', otherMs: warmMs };
    const gains = this.nextGain(step);
    if (gains !== undefined && this.climbs(step)) return { code: 'start-up-ramp', otherMs: seen.plan.steps[gains]!.startMs };
    const ran = this.ranBefore(step);
    const boundMs = startedMs + generator.minUpS * SECOND_MS;
    if (ran && startMs < boundMs) return { code: 'minimum-up-time', otherMs: boundMs };
    const wasW = step === 0 ? generator.initial.powerW : plan.powerW[step - 1]!;
    if (wasW > toRestW(generator, seen.plan.steps, step) + seen.slackW) return { code: 'shut-down-ramp' };
    return ran && gains !== undefined ? { code: 'start-cost', ...this.prices(step, plan.powerW[step]!).each } : undefined;
  }

  /** Whether it could not give more in the next step if it gave less in this one. */
  private climbs(step: number): boolean {
    const { seen, generator, plan } = this;
    const [nowW, nextW] = [plan.powerW[step]!, plan.powerW[step + 1]!];
    const most = rampUpW(generator, seen.plan.steps, step + 1);
    const atLimit = !this.ranBefore(step) && nowW >= fromRestW(generator, seen.plan.steps, step) - seen.slackW;
    return (
      nextW - nowW > seen.slackW &&
      nextW > fromRestW(generator, seen.plan.steps, step + 1) + seen.slackW &&
      (atLimit || nextW - nowW >= most - seen.slackW)
    );
  }

  stands(step: number): Why {
    const { seen, generator } = this;
    const { startMs } = seen.plan.steps[step]!;
    if (!atStep(generator.available, step)) return { code: 'unavailable' };
    const told = this.told(step);
    if (told) return told;
    const boundMs = (this.stoppedMs[step] ?? -Infinity) + generator.minDownS * SECOND_MS;
    if (startMs < boundMs && !this.ranBefore(step)) return { code: 'minimum-down-time', otherMs: boundMs };
    if (this.spent(step)) return { code: 'budget' };
    const room = seen.passedBy(generator.siteId, step, -generator.minW);
    if (room) return { code: 'minimum-power', subject: room.subject, beyondW: room.beyondW };
    const prices = this.levels(step);
    const [best] = prices;
    if (best!.gainMicroPerH > SLACK_MICRO_PER_H)
      return this.kept(step) ? { code: 'start-cost', ...best!.each } : (this.boundToLose(step) ?? { code: seen.otherwise() });
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

  private ranBefore(step: number): boolean {
    return step === 0 ? this.generator.initial.on : this.plan.on[step - 1]!;
  }

  /** The next step of the same run at which it gains. */
  private nextGain(step: number): number | undefined {
    for (let later = step + 1; this.plan.on[later]; later += 1)
      if (this.prices(later, this.plan.powerW[later]!).gainMicroPerH > SLACK_MICRO_PER_H) return later;
    return undefined;
  }

  /** What it would cost and bring at its least and its full power and at what its site takes; what gains most first. */
  private levels(step: number): ReturnType<GeneratorWhy['prices']>[] {
    const { siteId, minW, maxW } = this.generator;
    const gridW = this.seen.gridW(siteId, step);
    return [minW, maxW, Math.min(maxW, Math.max(minW, gridW))]
      .map((powerW) => this.prices(step, powerW))
      .toSorted((a, b) => b.gainMicroPerH - a.gainMicroPerH);
  }

  /** Whether a start now would have it run on at a loss until its minimum up time is over. */
  private boundToLose(step: number): Why | undefined {
    const { steps } = this.seen.plan;
    const { startMs } = steps[step]!;
    const boundMs = startMs + this.generator.minUpS * SECOND_MS;
    let gainMicro = -startMicroAfter(this.generator, startMs - (this.stoppedMs[step] ?? -Infinity));
    for (let at = step; at < steps.length && (at === step || steps[at]!.startMs < boundMs); at += 1)
      gainMicro += this.levels(at)[0]!.gainMicroPerH * this.hours[at]!;
    return gainMicro <= 0 && steps[step]!.endMs < boundMs ? { code: 'minimum-up-time', otherMs: boundMs } : undefined;
  }

  /** Whether all it could gain around a step, while it stands, would be eaten up by another start. */
  private kept(step: number): boolean {
    const { on } = this.plan;
    let [from, to] = [step, step];
    while (from > 0 && !on[from - 1]) from -= 1;
    while (to + 1 < on.length && !on[to + 1]) to += 1;
    let gainMicro = 0;
    for (let at = from; at <= to; at += 1) {
      gainMicro += Math.max(0, this.levels(at)[0]!.gainMicroPerH) * this.hours[at]!;
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
