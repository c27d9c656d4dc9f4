import { Injectable } from '@nestjs/common';
import { ForecastService } from '../forecast/forecast.service.js';
import { PlanService } from '../schedule/plan.service.js';
import { coursesWanted, problemOf } from '../schedule/problem-of.js';
import type { Schedule } from '../schedule/schedule.js';
import { Clock } from '../platform/clock.js';
import { LoadNeeds } from './load-needs.service.js';
import { PlanningFactsService } from './planning-facts.service.js';

/** Forecast, then plan: the slow half of control. */
@Injectable()
export class PlanningService {
  private running: Promise<Schedule> | undefined;

  constructor(
    private readonly facts: PlanningFactsService,
    private readonly forecasts: ForecastService,
    private readonly plans: PlanService,
    private readonly needs: LoadNeeds,
    private readonly clock: Clock,
  ) {}

  /** Makes a new plan and puts it in force. Asked again while one is being made, it answers that one. */
  replan(): Promise<Schedule> {
    this.running ??= this.once().finally(() => (this.running = undefined));
    return this.running;
  }

  private async once(): Promise<Schedule> {
    const nowMs = this.clock.now();
    const known = await this.facts.at(nowMs);
    const facts = { ...known, needs: await this.needs.at(known.plant, nowMs) };
    const present = this.facts.presentPowers(nowMs);
    const { sites } = await this.forecasts.forecast(facts.plant.sites, nowMs, present);
    const wanted = coursesWanted(facts);
    const courses = await this.forecasts.courses(wanted.sites, sites, { count: wanted.count, present });
    return this.plans.plan(problemOf({ ...facts, forecasts: sites, courses }), nowMs);
  }
}
