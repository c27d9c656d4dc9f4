import type { DeviceId, Plant } from '../fleet/plant.js';
import { type DurationMs, type EpochMs, SECOND_MS } from '../kernel/units.js';
import { type Schedule, stepAt } from '../schedule/schedule.js';
import type { PlannedDevice } from './decision.js';
import { plannedNow } from './planned-now.js';

/** Sites go over to what a plan has next in so many groups, one after another, so that a fleet never steps as one (DESIGN §5). */
const GROUPS = 10;
const APART_MS: DurationMs = 3 * SECOND_MS;

type Planned = ReadonlyMap<DeviceId, PlannedDevice>;

/** A plan as sites follow it: each group lives a little behind the one before it, over a new step and a new plan alike. */
export class StaggeredPlan {
  private current: { readonly schedule: Schedule; readonly sinceMs: EpochMs } | undefined;
  private before: Schedule | undefined;

  /** What the plan in force, or for those whose turn has not come the one before it, has each device do; `undefined` without a plan. */
  at(plant: Plant, inForce: Schedule | undefined, nowMs: EpochMs): Planned | undefined {
    if (inForce !== this.current?.schedule) {
      this.before = this.current?.schedule;
      this.current = inForce && { schedule: inForce, sinceMs: nowMs };
    }
    if (!inForce) return undefined;
    const seen = new Map<string, Planned>();
    const ofGroup = Array.from({ length: GROUPS }, (_, group) => this.ofMoment(plant, nowMs, nowMs - group * APART_MS, seen));
    if (seen.size <= 1) return ofGroup[0];
    const planned = new Map<DeviceId, PlannedDevice>();
    plant.sites.forEach(({ devices }, index) => {
      for (const { id } of devices) {
        const step = ofGroup[index % GROUPS]?.get(id);
        if (step) planned.set(id, step);
      }
    });
    return planned;
  }

  /** What was planned for a moment that lies a little back, by the plan that was in force then. */
  private ofMoment(plant: Plant, nowMs: EpochMs, atMs: EpochMs, seen: Map<string, Planned>): Planned | undefined {
    const { schedule, sinceMs } = this.current!;
    const isNew = atMs >= sinceMs || !this.before;
    const plan = isNew ? schedule : this.before!;
    const lookMs = Math.max(atMs, plan.steps[0]?.startMs ?? atMs);
    const key = `${isNew} ${stepAt(plan, lookMs)}`;
    const known = seen.get(key);
    if (known) return known;
    const planned = plannedNow(plant, plan, stepAt(plan, lookMs) === stepAt(plan, nowMs) ? nowMs : lookMs);
    if (planned) seen.set(key, planned);
    return planned;
  }
}
