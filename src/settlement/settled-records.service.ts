import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Subscription } from 'rxjs';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { localDay } from '../kernel/local-day.js';
import { type EpochMs, DAY_MS } from '../kernel/units.js';
import { LOG } from '../platform/platform.module.js';
import { ProofRecorder } from '../proof/proof-recorder.service.js';
import { ProofService } from '../proof/proof.service.js';
import { SettlementStore } from './settlement-store.js';
import type { StatementEntity } from './statement.entity.js';

/** How far back what was settled is looked through for what the process died before recording. */
const CATCH_UP_MS = 7 * DAY_MS;

/** Puts into the log what settlement fixes: baselines before their events, and statements. */
@Injectable()
export class SettledRecords implements OnModuleInit, OnModuleDestroy {
  private subscription?: Subscription;
  private queue: Promise<void> = Promise.resolve();
  private caughtUp = false;

  constructor(
    private readonly store: SettlementStore,
    private readonly recorder: ProofRecorder,
    private readonly proof: ProofService,
    private readonly plant: PlantDirectory,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.subscription = this.store.added.subscribe((added) => {
      this.queue = this.queue
        .then(() => (added.kind === 'baselines' ? this.baselines(added.fromMs) : this.statements(added.ids)))
        .catch((error: unknown) => {
          this.caughtUp = false;
          this.log.error({ err: error }, 'what was settled is not in the log yet; it is tried again');
        });
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.subscription?.unsubscribe();
    await this.queue;
  }

  /** Once after a start, and after a failure: what was settled since `nowMs` less a week and is not in the log. */
  async catchUp(nowMs: EpochMs): Promise<void> {
    if (this.caughtUp) return;
    await this.baselines(nowMs);
    await this.record(await this.store.statementsIssuedSince(nowMs - CATCH_UP_MS));
    this.caughtUp = true;
  }

  /** A baseline is worth something where it is anchored before its event, and so does not wait for the interval to close. */
  private async baselines(fromMs: EpochMs): Promise<void> {
    let added = 0;
    for (const [eventId, baselines] of await this.store.baselinesFrom(fromMs))
      added += (await this.recorder.recordBaselines(eventId, baselines)).added;
    if (added > 0) await this.proof.anchorNow();
  }

  private async statements(ids: readonly string[]): Promise<void> {
    await this.record(await this.store.statementsById(ids));
  }

  private async record(rows: readonly StatementEntity[]): Promise<void> {
    const siteOf = new Map(
      this.plant.plant().sites.flatMap(({ id, householdId }) => (householdId === undefined ? [] : [[householdId, id]])),
    );
    await this.recorder.recordStatements(
      rows.flatMap(({ id, householdId, date, zone, issuedAtMs, currency, totalMicro, lines }) => {
        const siteId = siteOf.get(householdId);
        const { startMs, endMs } = localDay(zone, date);
        return siteId === undefined ? [] : [{ id, siteId, date, startMs, endMs, issuedAtMs, currency, totalMicro, lines }];
      }),
    );
  }
}
