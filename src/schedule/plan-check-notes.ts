import { atStep, type PlanningProblem } from './problem.js';
import type { Breach, BreachKind, Schedule } from './schedule.js';

/** Watts and watt-hours by which rounding may miss, or this share of the largest power. */
const SLACK = 1.5;
const RELATIVE = 1e-6;

/** What a check of a plan has found so far. */
export class PlanCheck {
  readonly faults: string[] = [];
  /** Watts and watt-hours by which rounding may miss. */
  readonly slack: number;
  private readonly explained = new Set<Breach>();

  constructor(
    readonly problem: PlanningProblem,
    readonly plan: Schedule,
  ) {
    let largest = 0;
    for (const { maxW } of problem.generators) largest = Math.max(largest, maxW);
    for (const { loadW } of problem.sites)
      problem.stepMinutes.forEach((_, step) => {
        largest = Math.max(largest, atStep(loadW, step));
      });
    this.slack = Math.max(SLACK, RELATIVE * largest);
  }

  hours(step: number): number {
    const { startMs, endMs } = this.plan.steps[step]!;
    return (endMs - startMs) / 3_600_000;
  }

  must(holds: boolean, step: number, subject: string, what: string): void {
    if (!holds) this.faults.push(`step ${step}, ${subject}: ${what}`);
  }

  /** A soft limit is kept, or its breach is named with its size. */
  soft(kind: BreachKind, subject: string, step: number, beyond: number): void {
    const named = this.plan.breaches.find((breach) => breach.kind === kind && breach.subject === subject && breach.step === step);
    if (named) this.explained.add(named);
    const said = named?.size ?? 0;
    this.must(
      Math.abs(Math.max(0, beyond) - said) <= this.slack,
      step,
      subject,
      `${kind} is bent by ${beyond.toFixed(2)}, the plan says ${said}`,
    );
  }

  unexplained(): void {
    for (const breach of this.plan.breaches)
      if (!this.explained.has(breach))
        this.faults.push(`${breach.kind} of ${breach.subject} at step ${breach.step} is named but is no limit here`);
  }
}
