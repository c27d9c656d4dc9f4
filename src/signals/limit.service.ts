import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Subject } from 'rxjs';
import { IsNull, MoreThan, Repository } from 'typeorm';
import type { Site, SiteId } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { BadInput } from '../kernel/errors.js';
import type { EpochMs } from '../kernel/units.js';
import {
  FLEET_SCOPE,
  inForce,
  isSitesAlone,
  LIMIT_KINDS,
  limitAt,
  type LimitKind,
  type LimitNow,
  type LimitScope,
  type OperatorLimit,
  safeLimitW,
} from './operator-limit.js';
import { OperatorLimitEntity } from './order.entity.js';
import { dimmedDrawW } from './section-14a.js';

export interface LimitRequest {
  readonly scope: LimitScope;
  readonly kind: LimitKind;
  readonly valueW: number;
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
  readonly reason: string;
}

/** A limit that is to be kept now, by whom it was set, and until when; one that a site owes has no end and no number. */
export type HeldLimit = Pick<OperatorLimit, 'scope' | 'kind' | 'valueW' | 'setBy' | 'reason'> &
  Partial<Pick<OperatorLimit, 'id' | 'startMs' | 'endMs'>>;

/** Operators' safety limits. What is in force is held in memory, so that a control cycle never waits for the database. */
@Injectable()
export class LimitService {
  readonly changes = new Subject<OperatorLimit>();
  private held: OperatorLimit[] = [];
  private known: { readonly sites: readonly Site[]; readonly byId: ReadonlyMap<SiteId, Site> } | undefined;

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

  /** Makes a limit last to `endMs`. */
  async extend(limit: OperatorLimit, endMs: EpochMs): Promise<OperatorLimit> {
    await this.rows.update({ id: limit.id }, { endMs });
    const longer = { ...limit, endMs };
    this.held = this.held.map((held) => (held.id === limit.id ? longer : held));
    this.changes.next(longer);
    return longer;
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
    return limitAt(this.held, scope, kind, safeLimitW(this.site(scope)?.safeLimits, kind), nowMs);
  }

  /** Everything that is to be kept now: operators' limits, and what sites owe that nobody speaks for. */
  inForce(nowMs: EpochMs): HeldLimit[] {
    const set = this.held
      .filter((limit) => inForce(limit, nowMs))
      .map(({ id, scope, kind, valueW, setBy, startMs, endMs, reason }) => ({ id, scope, kind, valueW, setBy, startMs, endMs, reason }));
    const owed = this.plant.plant().sites.flatMap(({ id: scope, safeLimits }) =>
      LIMIT_KINDS.flatMap((kind) => {
        const valueW = safeLimitW(safeLimits, kind);
        const isSpokenFor = valueW === undefined || set.some((limit) => limit.scope === scope && limit.kind === kind);
        return isSpokenFor ? [] : [{ scope, kind, valueW, setBy: 'the fleet file', reason: 'owed while no limit is in force' }];
      }),
    );
    return [...set, ...owed];
  }

  private site(scope: LimitScope): Site | undefined {
    const { sites } = this.plant.plant();
    if (this.known?.sites !== sites) this.known = { sites, byId: new Map(sites.map((site) => [site.id, site])) };
    return this.known.byId.get(scope);
  }

  private faultsOf({ scope, kind, valueW, startMs, endMs, reason }: LimitRequest, nowMs: EpochMs): string[] {
    const faults: string[] = [];
    const site = this.site(scope);
    if (scope !== FLEET_SCOPE && !site) faults.push(`scope: there is no site "${scope}"`);
    if (scope === FLEET_SCOPE && isSitesAlone(kind)) faults.push(`kind: a limit on ${kind} is set at a site, not over the fleet`);
    const leastW = kind === 'dimming' && site ? dimmedDrawW(site) : 0;
    if (kind === 'dimming' && site && !site.controllableLoads)
      faults.push(`scope: "${scope}" names no controllableLoads in the fleet file`);
    if (valueW < leastW) faults.push(`valueW: dimmed loads keep ${leastW} W at least (§ 14a EnWG)`);
    if (!LIMIT_KINDS.includes(kind)) faults.push(`kind: must be one of ${LIMIT_KINDS.join(', ')}`);
    if (!(valueW >= 0 && Number.isFinite(valueW))) faults.push('valueW: must be 0 W or more');
    if (!(endMs > startMs && endMs > nowMs)) faults.push('endMs: a limit ends after it begins, and in the future');
    if (reason.trim() === '') faults.push('reason: say why, in a few words');
    return faults;
  }
}

const limitOf = (row: OperatorLimitEntity): OperatorLimit => {
  const { id, scope, kind, valueW, startMs, endMs, reason, setBy, setAtMs, withdrawnAtMs } = row;
  return { id, scope, kind, valueW, startMs, endMs, reason, setBy, setAtMs, withdrawnAtMs: withdrawnAtMs ?? undefined };
};
