import { Injectable } from '@nestjs/common';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { givesSun, type Site, type SiteId } from '../fleet/plant.js';
import { BadInput } from '../kernel/errors.js';
import type { DurationMs, EpochMs, Watt } from '../kernel/units.js';
import { LimitService } from './limit.service.js';
import type { LimitKind, OperatorLimit } from './operator-limit.js';
import { rippleLimitW, type RippleStepPct } from './ripple-control.js';
import { dimmedDrawW } from './section-14a.js';

/** What a receiver at a site says, and how long that holds unless it says so again. */
interface Word {
  readonly siteId: SiteId;
  readonly validMs: DurationMs;
}

const SAYS = { ripple: 'ripple control', dimming: '§ 14a EnWG' } as const;

/**
 * Signals of a network operator that reach a site by a receiver of its own. Each becomes a limit that ends when the receiver falls silent:
 * then the safe limit holds for the sun, and nothing is dimmed any more.
 */
@Injectable()
export class GridSignals {
  constructor(
    private readonly limits: LimitService,
    private readonly plant: PlantDirectory,
  ) {}

  /**
   * The contacts that a ripple-control receiver has closed, as what each leaves of the installed power; none: its signal is lost. Throws
   * `BadInput` at a site without sun, or without the safe limit that a lost signal means.
   */
  ripple(
    { siteId, validMs }: Word,
    closedPct: readonly RippleStepPct[],
    byUser: string,
    nowMs: EpochMs,
  ): Promise<OperatorLimit | undefined> {
    const { devices, safeLimits } = this.site(siteId);
    const installedW = devices.reduce((sum, { role, ratedW, pvPeakW }) => {
      return givesSun({ role }) ? sum + (pvPeakW ?? ratedW) : sum;
    }, 0 as Watt);
    if (installedW === 0) throw new BadInput(`site "${siteId}" has no sun to limit`);
    if (safeLimits?.sunW === undefined)
      throw new BadInput(`site "${siteId}" needs safeLimits.sunW in the fleet file: it holds when the receiver's signal is lost`);
    return this.say('sun', rippleLimitW(closedPct, installedW), { siteId, validMs, reason: SAYS.ripple, byUser, nowMs });
  }

  /** Whether the loads of a site are dimmed. Throws `BadInput` at a site whose controllable loads are not named. */
  dim({ siteId, validMs }: Word, isDimmed: boolean, byUser: string, nowMs: EpochMs): Promise<OperatorLimit | undefined> {
    const site = this.site(siteId);
    if (!site.controllableLoads) throw new BadInput(`site "${siteId}" names no controllableLoads in the fleet file`);
    const valueW = isDimmed ? dimmedDrawW(site) : undefined;
    return this.say('dimming', valueW, { siteId, validMs, reason: SAYS.dimming, byUser, nowMs });
  }

  /** The same word again makes its limit last longer, another one takes its place, and none ends it. */
  private async say(
    kind: LimitKind,
    valueW: Watt | undefined,
    { siteId, validMs, reason, byUser, nowMs }: Word & { readonly reason: string; readonly byUser: string; readonly nowMs: EpochMs },
  ): Promise<OperatorLimit | undefined> {
    const said = this.limits.list(nowMs).filter((limit) => limit.scope === siteId && limit.kind === kind && limit.reason === reason);
    const endMs = nowMs + validMs;
    const same = said.find((limit) => limit.valueW === valueW);
    const limit =
      valueW === undefined
        ? undefined
        : same
          ? await this.limits.extend(same, endMs)
          : await this.limits.set({ scope: siteId, kind, valueW, startMs: nowMs, endMs, reason }, byUser, nowMs);
    for (const old of said) if (old.id !== limit?.id) await this.limits.withdraw(old.id, byUser, nowMs);
    return limit;
  }

  private site(siteId: SiteId): Site {
    const site = this.plant.plant().sites.find(({ id }) => id === siteId);
    if (!site) throw new BadInput(`there is no site "${siteId}"`);
    return site;
  }
}
