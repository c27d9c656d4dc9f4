import { Injectable } from '@nestjs/common';
import { FleetService } from '../fleet/fleet.service.js';
import { type DeviceId, devicesOf } from '../fleet/plant.js';
import type { DurationMs, EpochMs } from '../kernel/units.js';
import { PlanService } from '../schedule/plan.service.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { CycleMemory } from './cycle-memory.js';
import { decide } from './decide.js';
import type { Decision, DecisionInput } from './decision.js';
import type { GeneratorNow } from './generator-rules.js';
import type { Taking } from './load-taking.js';
import { StaggeredPlan } from './staggered-plan.js';
import { StartFailures } from './start-failures.service.js';
import { WishService } from './wish.service.js';

/** Gathers everything one decision rests on, and decides. */
@Injectable()
export class DecisionService {
  private readonly memory = new CycleMemory();
  private readonly plan = new StaggeredPlan();

  constructor(
    private readonly fleet: FleetService,
    private readonly telemetry: TelemetryService,
    private readonly plans: PlanService,
    private readonly wishes: WishService,
    private readonly starts: StartFailures,
  ) {}

  /** Takes up what an earlier plant has left in the folder, and keeps there what has to outlive this one. */
  rememberIn(dataDir: string, nowMs: EpochMs): void {
    this.memory.rememberIn(dataDir, nowMs);
  }

  /** What is decided, and what it rests on. `leaptMs`: how far the clock had leapt ahead in all by then. */
  async decideAt(nowMs: EpochMs, leaptMs: DurationMs): Promise<{ readonly input: DecisionInput; readonly decision: Decision }> {
    const plant = this.fleet.plant();
    const wishes = await this.wishes.at(plant, nowMs);
    const told = this.telemetry.image(nowMs);
    const lockedOut = new Set(devicesOf(plant).flatMap(({ id }) => (this.fleet.isLockedOut(id) ? [id] : [])));
    const seen = this.memory.look(plant, told, lockedOut, leaptMs);
    this.starts.watch(this.memory.generatorsNow());
    const planned = this.plan.at(plant, this.plans.current(), nowMs);
    const input: DecisionInput = {
      ...wishes,
      ...seen,
      atMs: nowMs,
      plant,
      consents: new Map(plant.sites.map((site) => [site.id, this.fleet.consentOf(site.id)])),
      lockedOut,
      ...(planned ? { planned } : {}),
    };
    const decision = decide(input);
    this.memory.note(plant, told, decision);
    return { input, decision };
  }

  /** What is learnt of flexible loads that take less than they could. */
  takingsNow(): ReadonlyMap<DeviceId, Taking> {
    return this.memory.takingsNow();
  }

  /** Since when each generator has been turning or standing, as far as we saw it change, and how its starts go. */
  generatorsNow(): ReadonlyMap<DeviceId, GeneratorNow> {
    return this.memory.generatorsNow();
  }
}
