import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Subject } from 'rxjs';
import { IsNull, MoreThan, Repository } from 'typeorm';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { BadInput } from '../kernel/errors.js';
import type { EpochMs, Watt } from '../kernel/units.js';
import { FLEET_SCOPE, LIMIT_KINDS, limitAt, type LimitKind, type LimitNow, type LimitScope, type OperatorLimit } from './operator-limit.js';
import { OperatorLimitEntity } from './order.entity.js';

export interface LimitRequest {
  readonly scope: LimitScope;
  readonly kind: LimitKind;
  readonly valueW: number;
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
  readonly reason: string;
}

/** Operators' safety limits. What is in force is held in memory, so that a control cycle never waits for the database. */
@Injectable()
export class LimitService {
  readonly changes = new Subject<OperatorLimit>();
  private held: OperatorLimit[] = [];

  constructor(
    @InjectRepository(OperatorLimitEntity) private readonly rows: Repository<OperatorLimitEntity>,
    private readonly plant: PlantDirectory,
  ) {}

  /** Takes up the limits of earlier runs that still hold. Call once the database is there. */
  async load(nowMs: EpochMs): Promise<void> {
    const rows = await this.rows.find({ where: { endMs: MoreThan(nowMs), withdrawnAtMs: IsNull() }, order: { id: 'ASC' } });
    this.held = rows.map(limitOf);
  }

  /** Sets a limit. Throws `BadInput` with every fault. */
  async set(request: LimitRequest, byUser: string, nowMs: EpochMs): Promise<OperatorLimit> {
    const faults = this.faultsOf(request, nowMs);
    if (faults.length > 0) throw new BadInput(faults);
    const row = this.rows.create({ ...request, setBy: byUser, setAtMs: nowMs, withdrawnAtMs: null, withdrawnBy: null });
    await this.rows.insert(row);
    const limit = limitOf(row);
    this.held = [...this.held.filter(({ endMs }) => endMs > nowMs), limit];
    this.changes.next(limit);
    return limit;
  }

  /** Ends a limit early; false where there is none such in force or to come. */
  async withdraw(id: number, byUser: string, nowMs: EpochMs): Promise<boolean> {
    const limit = this.held.find((held) => held.id === id);
    if (!limit) return false;
    await this.rows.update({ id }, { withdrawnAtMs: nowMs, withdrawnBy: byUser });
    this.held = this.held.filter((held) => held.id !== id);
    this.changes.next({ ...limit, withdrawnAtMs: nowMs });
    return true;
  }

  /** Limits in force or to come. */
  list(nowMs: EpochMs): OperatorLimit[] {
    return this.held.filter(({ endMs }) => endMs > nowMs);
  }

  /** What holds at a site or over the fleet now; see `limitAt`. */
  at(scope: LimitScope, kind: LimitKind, nowMs: EpochMs): LimitNow {
    return limitAt(this.held, scope, kind, this.safeW(scope, kind), nowMs);
  }

  private safeW(scope: LimitScope, kind: LimitKind): Watt | undefined {
    return this.plant.plant().sites.find(({ id }) => id === scope)?.safeLimits?.[`${kind}W`];
  }

  private faultsOf({ scope, kind, valueW, startMs, endMs, reason }: LimitRequest, nowMs: EpochMs): string[] {
    const faults: string[] = [];
    if (scope !== FLEET_SCOPE && !this.plant.plant().sites.some(({ id }) => id === scope))
      faults.push(`scope: there is no site "${scope}"`);
    if (scope === FLEET_SCOPE && kind === 'generation') faults.push('kind: a limit on generation is set at a site, not over the fleet');
    if (!LIMIT_KINDS.includes(kind)) faults.push(`kind: must be one of ${LIMIT_KINDS.join(', ')}`);
    if (!(valueW >= 0 && Number.isFinite(valueW))) faults.push('valueW: must be 0 W or more');
    if (!(endMs > startMs && endMs > nowMs)) faults.push('endMs: must lie after the start and in the future');
    if (reason.trim() === '') faults.push('reason: say why, in a few words');
    return faults;
  }
}

const limitOf = (row: OperatorLimitEntity): OperatorLimit => {
  const { id, scope, kind, valueW, startMs, endMs, reason, setBy, setAtMs, withdrawnAtMs } = row;
  return { id, scope, kind, valueW, startMs, endMs, reason, setBy, setAtMs, withdrawnAtMs: withdrawnAtMs ?? undefined };
};
