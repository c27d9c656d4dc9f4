import { setImmediate as soon } from 'node:timers/promises';
import { decide } from '../../dispatch/decide.js';
import type { RunningEvent } from '../../dispatch/decision.js';
import { plannedNow } from '../../dispatch/planned-now.js';
import type { Sample } from '../../field/sample.js';
import type { Consent, SiteId } from '../../fleet/plant.js';
import { HORIZON_SLOTS, fleetForecast, outlookOf, siteForecast } from '../../forecast/issue.js';
import type { SiteForecast } from '../../forecast/forecast.js';
import { seasonalAhead } from '../../forecast/seasonal-naive.js';
import { contains, type Interval, SLOT_MS, slotsOf } from '../../kernel/interval.js';
import { localDate } from '../../kernel/local-day.js';
import { DAY_MS, type EpochMs, type Watt } from '../../kernel/units.js';
import { solvePlan } from '../../schedule/adapters/highs-plan.js';
import { DEFAULT_LIMITS } from '../../schedule/plan-solver.port.js';
import { problemOf } from '../../schedule/problem-of.js';
import type { Schedule } from '../../schedule/schedule.js';
import { BASELINE_DAYS, likeDays, slotsOnDay } from '../../settlement/baseline.js';
import { pricesOf } from '../../signals/tariff.js';
import {
  initialSite,
  readDevice,
  type SiteCommands,
  siteModel,
  stepSite,
  type SiteState,
  type VirtualSite,
} from '../../simulator/index.js';
import type { LeaseSpan } from '../../telemetry/device-energies.js';
import { counterShifts, shifted, steeringPowerW } from './arrival.js';
import type { History, HistoryDay, HistorySpec } from './history-spec.js';
import { PastNeeds } from './past-needs.js';
import { commandsOf, generatorsOf, imageOfStep, type PastSite, QUIET, socPctOf } from './past-plant.js';

/** Batteries set out for where they have to arrive this many steps ahead. */
const STEER_STEPS = 12;
const PRICES_AHEAD_MS = 1.6 * DAY_MS;
const REMEMBERED_MS = 7 * DAY_MS;

/** A site that has been running for a while when the stretch begins, so that its meters have something to say. */
const firstState = (virtual: VirtualSite, atMs: EpochMs): SiteState =>
  stepSite(siteModel(virtual), initialSite(virtual, atMs - SLOT_MS), {}, SLOT_MS);

/** Lives through a stretch of the past: forecast, plan, decide and step the devices' physics, a quarter-hour at a time. */
export class HistoryRun {
  private readonly sites: PastSite[];
  private readonly arrive: readonly SiteState[] | undefined;
  private readonly consents: ReadonlyMap<SiteId, Consent>;
  private readonly loads = new Map<SiteId, (Watt | undefined)[]>();
  private readonly suns = new Map<SiteId, (Watt | undefined)[]>();
  private readonly netW = new Map<SiteId, Map<EpochMs, Watt>>();
  private readonly needs = new PastNeeds();
  private plan: Schedule | undefined;

  constructor(private readonly spec: HistorySpec) {
    const { plant, sites, period, arriveAt } = spec;
    this.consents = new Map(spec.consents);
    this.arrive = arriveAt === undefined ? undefined : sites.map((virtual) => firstState(virtual, arriveAt));
    this.sites = sites.map((virtual, index) => ({
      site: plant.sites[index]!,
      model: siteModel(virtual),
      state: firstState(virtual, period.startMs),
    }));
    const before = slotsOf({ startMs: this.rememberedFromMs, endMs: period.startMs }, SLOT_MS);
    for (const { site, model } of this.sites) {
      this.loads.set(
        site.id,
        before.map(({ startMs, endMs }) => model.loadW(startMs, endMs)),
      );
      this.suns.set(
        site.id,
        before.map(({ startMs, endMs }) => model.sunW(startMs, endMs)),
      );
      this.netW.set(site.id, new Map());
    }
    this.needs.note(this.sites);
  }

  /** Forecasts go by what these homes drew and this sun gave in the days before, as if the plant had watched. */
  private get rememberedFromMs(): EpochMs {
    return this.spec.period.startMs - REMEMBERED_MS;
  }

  private states(): SiteState[] {
    return this.sites.map(({ state }) => state);
  }

  async run(): Promise<History> {
    const { arrive } = this;
    const { period, sites } = this.spec;
    const lastMs = period.endMs;
    const steps = slotsOf(period, SLOT_MS);
    const days: HistoryDay[] = [];
    let day = this.newDay(period.startMs);
    day.samples.push(...this.samplesAt(period.startMs));
    for (const [index, step] of steps.entries()) {
      // Whoever asked for this may be gone: that is heard between two steps.
      await soon();
      if (step.startMs === period.startMs || step.startMs % this.spec.replanEveryMs === 0)
        day.forecasts.push(...(await this.replan(step.startMs)));
      day.spans.push(...this.live(step, steps.length - index));
      if (!arrive || step.endMs < lastMs) day.samples.push(...this.samplesAt(step.endMs));
      if (localDate(this.spec.plant.zone, step.endMs) !== localDate(this.spec.plant.zone, step.startMs) || step.endMs === lastMs) {
        days.push({ ...day, endMs: step.endMs });
        day = this.newDay(step.endMs);
      }
    }
    const end = this.states();
    if (!arrive) return { days, end };
    const shifts = counterShifts(sites, end, arrive);
    const joined = days.map((one) => ({ ...one, samples: one.samples.map((sample) => shifted(sample, shifts.get(sample.deviceId))) }));
    // The moment of arrival is on record already, as the later stretch began: it is said again, not said otherwise.
    joined.at(-1)!.samples.push(...this.samplesAt(lastMs, arrive));
    return { days: joined, end };
  }

  private newDay(startMs: EpochMs): { startMs: EpochMs; samples: Sample[]; spans: LeaseSpan[]; forecasts: SiteForecast[] } {
    return { startMs, samples: [], spans: [], forecasts: [] };
  }

  /** Decides on one quarter-hour and steps through it. Answers which devices were under our command. */
  private live(step: Interval, stepsLeft: number): LeaseSpan[] {
    const { plant } = this.spec;
    const event = this.eventAt(step);
    const planned = plannedNow(plant, this.plan, step.startMs, this.spec.replanEveryMs);
    const decision = decide({
      ...QUIET,
      atMs: step.startMs,
      plant,
      image: imageOfStep(this.sites, step.startMs),
      consents: this.consents,
      generators: generatorsOf(this.sites),
      ...(planned ? { planned } : {}),
      ...(event ? { event } : {}),
    });
    this.sites.forEach((past, index) => {
      const commands = commandsOf(decision.devices.filter(({ deviceId }) => past.site.devices.some(({ id }) => id === deviceId)));
      this.stepSite(past, index, commands, step, stepsLeft);
    });
    this.needs.note(this.sites);
    return decision.devices.flatMap(({ deviceId, setpoint }) => (setpoint ? [{ deviceId, control: setpoint.kind, ...step }] : []));
  }

  private stepSite(past: PastSite, index: number, commands: SiteCommands, step: Interval, stepsLeft: number): void {
    const { site, model } = past;
    past.state = stepSite(model, past.state, this.steered(past, index, commands, stepsLeft), SLOT_MS);
    const { loadW, pvW, gridW } = past.state.powers;
    this.loads.get(site.id)!.push(loadW);
    this.suns.get(site.id)!.push(commands.pvMaxW === undefined ? pvW : undefined);
    if (gridW !== undefined) this.netW.get(site.id)!.set(step.startMs, gridW);
  }

  /** Near the end of a stretch that another one follows, batteries go where that one found them, and generators stand. */
  private steered({ site, state }: PastSite, index: number, commands: SiteCommands, stepsLeft: number): SiteCommands {
    const arrive = this.arrive?.[index];
    if (!arrive || stepsLeft > STEER_STEPS) return commands;
    const device = site.devices.find(({ battery }) => battery !== undefined);
    const generators = Object.fromEntries(Object.keys(state.generators).map((id) => [id, { run: false, powerW: 0 }]));
    if (!device || !arrive.battery || !state.battery) return { ...commands, generators };
    return { ...commands, generators, batteryW: steeringPowerW(device, state.battery.storedWh, arrive.battery.storedWh, stepsLeft) };
  }

  private eventAt(step: Interval): RunningEvent | undefined {
    const event = this.spec.events.find((one) => contains(one, step.startMs));
    return (
      event && {
        id: 'past',
        direction: event.direction,
        powerW: event.powerW,
        endMs: event.endMs,
        baselineW: this.baselines(step),
        optedOut: new Set(),
      }
    );
  }

  /** Mean net import at this time of the last ten like days that had no event then: what settlement will fix as well. */
  private baselines(step: Interval): Map<SiteId, Watt> {
    const { plant, events } = this.spec;
    const baselines = new Map<SiteId, Watt>();
    for (const { id, zone } of plant.sites) {
      const known = likeDays(localDate(zone, step.startMs), new Set(), 30).flatMap((date) => {
        const atMs = slotsOnDay(zone, [step], date)?.[0]?.startMs;
        const powerW = atMs === undefined || events.some((event) => contains(event, atMs)) ? undefined : this.netW.get(id)!.get(atMs);
        return powerW === undefined ? [] : [powerW];
      });
      const used = known.slice(0, BASELINE_DAYS);
      if (used.length > 0) baselines.set(id, used.reduce((sum, powerW) => sum + powerW, 0) / used.length);
    }
    return baselines;
  }

  private async replan(nowMs: EpochMs): Promise<SiteForecast[]> {
    const { plant, tariff } = this.spec;
    const forecasts = this.sites.map((past) => this.forecast(past, nowMs));
    const range = { startMs: nowMs, endMs: nowMs + PRICES_AHEAD_MS };
    const zones = new Set(plant.sites.map(({ zone }) => zone));
    const turning = generatorsOf(this.sites);
    const problem = problemOf({
      plant,
      nowMs,
      forecasts,
      prices: new Map([...zones].map((zone) => [zone, pricesOf(tariff, zone, range, SLOT_MS)])),
      consents: this.consents,
      events: this.spec.events
        .filter(({ startMs, endMs }) => endMs > nowMs && startMs < nowMs + DAY_MS)
        .map((event) => ({
          ...event,
          id: `past-${event.startMs}`,
          baselineW: this.baselines({ startMs: event.startMs, endMs: event.startMs + SLOT_MS }),
        })),
      devices: {
        socPct: new Map(
          this.sites.flatMap(({ site, state }) =>
            site.devices.flatMap((device) => (device.battery ? [[device.id, socPctOf(device, state)] as const] : [])),
          ),
        ),
        generators: new Map([...turning].map(([id, { running, sinceMs }]) => [id, { on: running, sinceMs, powerW: this.generatorW(id) }])),
        unavailable: new Set(),
      },
      needs: this.needs.at(this.sites, nowMs),
    });
    this.plan = { ...(await solvePlan(problem, DEFAULT_LIMITS)), issuedAtMs: nowMs };
    return [...forecasts, fleetForecast(forecasts, nowMs)];
  }

  private generatorW(id: string): Watt {
    return this.sites.find(({ state }) => state.generators[id])?.state.generators[id]?.outputW ?? 0;
  }

  private forecast({ site, state, model }: PastSite, nowMs: EpochMs): SiteForecast {
    const outlook = (values: readonly (Watt | undefined)[], presentW: Watt | undefined) => {
      const series = { startMs: this.rememberedFromMs, stepMs: SLOT_MS, values };
      const ahead = { issuedAtMs: nowMs, startMs: nowMs, slots: HORIZON_SLOTS };
      return outlookOf(series, seasonalAhead(series, site.zone, ahead), 'seasonal-naive', presentW);
    };
    const presentW = {
      load: state.powers.loadW ?? model.loadW(nowMs - SLOT_MS, nowMs),
      pv: state.powers.pvW ?? model.sunW(nowMs - SLOT_MS, nowMs),
    };
    return siteForecast(site.id, nowMs, outlook(this.loads.get(site.id)!, presentW.load), outlook(this.suns.get(site.id)!, presentW.pv));
  }

  private samplesAt(atMs: EpochMs, states: readonly SiteState[] = this.states()): Sample[] {
    return this.sites.flatMap(({ site, model }, index) =>
      site.devices.flatMap((device) => {
        const values = readDevice(model.site, states[index]!, device.id);
        return values ? [{ deviceId: device.id, atMs, values }] : [];
      }),
    );
  }
}
