import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { merge, type Subscription } from 'rxjs';
import { EventService } from '../signals/event.service.js';
import { LimitService } from '../signals/limit.service.js';
import { OverrideService } from '../signals/override.service.js';
import { DispatchJobs } from './dispatch.jobs.js';

/** Whoever says something new is not made to wait for the next turn of the loop. */
@Injectable()
export class PromptCycles implements OnModuleDestroy {
  private changes$: Subscription | undefined;

  constructor(
    private readonly limits: LimitService,
    private readonly overrides: OverrideService,
    private readonly events: EventService,
    private readonly jobs: DispatchJobs,
  ) {}

  start(): void {
    this.changes$ = merge(this.limits.changes, this.overrides.changes, this.events.changes).subscribe(() => this.jobs.hurry());
  }

  onModuleDestroy(): void {
    this.changes$?.unsubscribe();
  }
}
