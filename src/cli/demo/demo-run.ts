import type { Fleet } from '../../fleet/fleet-file.js';
import type { PlantFacts } from '../../grid/plant-facts.js';
import { ceilTo } from '../../kernel/interval.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/units.js';
import { messageOf } from '../../kernel/errors.js';
import { TrainingJobs } from '../../dispatch/training.jobs.js';
import { PlanningService } from '../../dispatch/planning.service.js';
import { type HeldControl, leaveHeld } from '../../field/held-controls.js';
import { ForecastService } from '../../forecast/forecast.service.js';
import { AuthService } from '../../platform/auth.service.js';
import type { Config } from '../../platform/config.js';
import type { DemoClock } from '../../platform/demo-clock.js';
import type { createLog } from '../../platform/logger.js';
import { SettlementJobs } from '../../settlement/settlement.jobs.js';
import { EventViewService } from '../../grid/event-view.service.js';
import { EventService } from '../../signals/event.service.js';
import type { Tariff } from '../../signals/tariff.js';
import { type FleetState, type RunningFleet, type SiteState, startFleet, type VirtualSite } from '../../simulator/index.js';
import { HistoryFiller } from '../history/history-filler.js';
import type { HistorySpec } from '../history/history-spec.js';
import { type Lived, PastDays } from '../history/past-days.js';
import { PlantApp } from '../plant-app.js';
import { HISTORY_DAYS, pastEvents } from './demo-plant.js';
import type { DemoFolder, DemoState } from './demo-state.js';

/** The first page comes a few seconds into a minute, so that the first event has its whole minutes inside the first two. */
const INTO_MINUTE_MS = 12 * SECOND_MS;
const ANNOUNCE_AFTER_MS = 38 * SECOND_MS;
const SAVE_EVERY_MS = 2 * SECOND_MS;
const FIRST_DAY_REPLAN_MS = 6 * HOUR_MS;
const EARLIER_REPLAN_MS = DAY_MS;
const FIRST_EVENT = { direction: 'up', powerW: 30_000, priceMicroPerKwh: 500_000 } as const;

const enginesToldToRun = ({ generators }: SiteState): HeldControl[] =>
  Object.entries(generators)
    .filter(([, { run }]) => run)
    .map(([deviceId]) => ({ deviceId, kind: 'generator', stays: false }));

/** What a demo is started with: everything that could be wrong with it has been checked. */
export interface DemoSettings {
  readonly config: Config;
  readonly fleet: Fleet<Tariff>;
  readonly sites: readonly VirtualSite[];
  readonly clock: DemoClock;
  readonly folder: DemoFolder;
  readonly state: DemoState;
  readonly log: ReturnType<typeof createLog>;
  readonly json: boolean;
}

/** One demo from its first second to its last: history, virtual hardware, plant, and the first event. */
export class DemoRun {
  private stopping: Promise<void> | undefined;
  private readonly timers: NodeJS.Timeout[] = [];
  private saving: NodeJS.Immediate | undefined;
  private readonly past = new PastDays();
  private plant!: PlantApp;
  private hardware!: RunningFleet;

  private constructor(private readonly settings: DemoSettings) {}

  /** Answers when the pages are up. */
  static async start(settings: DemoSettings): Promise<DemoRun> {
    const run = new DemoRun(settings);
    try {
      await run.begin();
      return run;
    } catch (error) {
      await run.stop();
      throw error;
    }
  }

  /** Releases every device, saves the virtual hardware and closes everything. A second call waits for the first. */
  stop(): Promise<void> {
    this.stopping ??= this.close();
    return this.stopping;
  }

  private async begin(): Promise<void> {
    const { config, clock, log, fleet, state, folder } = this.settings;
    folder.write(state);
    const firstDay = state.daysDone > 0 ? undefined : await this.past.live(this.spec(1, 0));
    // What the past has told an engine last is the word of this plant, and no stranger's.
    if (firstDay) leaveHeld(config.dataDir, state.startMs, firstDay.end.flatMap(enginesToldToRun));
    this.plant = await PlantApp.create({ config, clock, log, fleet, facts: this.facts(), origin: 'heliograph.invalid/demo' });
    await this.putLogins();
    const restore = firstDay ? await this.storeFirstDay(firstDay) : folder.readHardware();
    if (!this.pastIsWhole()) this.plant.app.get(SettlementJobs).leaveBefore(state.startMs);
    this.hardware = await startFleet(this.settings.sites, {
      now: () => clock.now(),
      // A real device still holds what it was told when its controller is killed a moment later.
      onWrite: () => this.saveSoon(),
      ...(restore ? { restore } : {}),
    });
    clock.run(state.daysDone > 1 ? clock.now() : ceilTo(clock.now(), MINUTE_MS) + INTO_MINUTE_MS);
    await this.plant.run();
    const url = await this.plant.listen();
    this.timers.push(setInterval(() => this.save(), SAVE_EVERY_MS));
    this.timers.push(setTimeout(() => this.background(this.announceEvent()), ANNOUNCE_AFTER_MS));
    this.greet(url);
    if (!this.pastIsWhole()) this.background(this.fillPast());
  }

  private async close(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    this.past.close();
    await this.plant?.stop();
    if (this.hardware) {
      this.save();
      await this.hardware.stop();
    }
  }

  private saveSoon(): void {
    this.saving ??= setImmediate(() => this.save());
  }

  private save(): void {
    clearImmediate(this.saving);
    this.saving = undefined;
    this.settings.folder.writeHardware(this.hardware.saveState());
  }

  /** The day before the first page is stored before anything is shown. Answers the hardware at its end. */
  private async storeFirstDay({ days, end }: Lived): Promise<FleetState> {
    const { state } = this.settings;
    const filler = new HistoryFiller(this.plant.app, [], false);
    for (let index = 0; index < days; index += 1) await filler.fill(await this.past.day(index));
    const hardware: FleetState = { version: 1, atMs: state.startMs, sites: end };
    this.settings.folder.writeHardware(hardware);
    this.done(1);
    return hardware;
  }

  /** The other twenty-nine days, behind the pages, and then the networks that learn from them. */
  private async fillPast(): Promise<void> {
    const { app } = this.plant;
    const spec = this.spec(HISTORY_DAYS, 1);
    const { days } = await this.past.live({ ...spec, arriveAt: this.spec(1, 0).period.startMs });
    this.settings.state.daysTotal = days + 1;
    const filler = new HistoryFiller(app, spec.events, true);
    for (let index = 0; index < days && !this.stopping; index += 1) {
      const day = await this.past.day(index);
      if (index + 1 < this.settings.state.daysDone) filler.pass(day);
      else {
        await filler.fill(day);
        this.done(index + 2);
      }
    }
    if (this.stopping) return;
    this.past.close();
    app.get(SettlementJobs).leaveBefore(-Infinity);
    app.get(ForecastService).historyChanged();
    await app.get(TrainingJobs).trainNow();
    if (!this.stopping) await app.get(PlanningService).replan();
  }

  private pastIsWhole(): boolean {
    const { daysDone, daysTotal } = this.settings.state;
    return daysTotal !== undefined && daysDone >= daysTotal;
  }

  private done(daysDone: number): void {
    this.settings.state.daysDone = daysDone;
    this.settings.folder.write(this.settings.state);
  }

  private spec(daysBack: number, daysBackEnd: number): HistorySpec {
    const { fleet, sites, state } = this.settings;
    const period = { startMs: state.startMs - daysBack * DAY_MS, endMs: state.startMs - daysBackEnd * DAY_MS };
    return {
      plant: fleet.plant,
      sites,
      tariff: fleet.tariff,
      consents: [...fleet.consents],
      period,
      replanEveryMs: daysBackEnd === 0 ? FIRST_DAY_REPLAN_MS : EARLIER_REPLAN_MS,
      events: daysBackEnd === 0 ? [] : pastEvents(state.zone, period.startMs, period.endMs),
    };
  }

  private async announceEvent(): Promise<void> {
    const { clock, config } = this.settings;
    const nowMs = clock.now();
    const request = { ...FIRST_EVENT, startMs: nowMs, durationMs: config.intervalMinutes * MINUTE_MS };
    await this.plant.app.get(EventService).announce(request, 'demo', nowMs, this.plant.app.get(EventViewService).judge(nowMs));
  }

  /** What goes on behind the pages says so in the log when it fails; the plant goes on without it. */
  private background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.stopping) this.settings.log.error({ err: error }, `the demo: ${messageOf(error)}`);
    });
  }

  private async putLogins(): Promise<void> {
    const auth = this.plant.app.get(AuthService);
    for (const { name, password, role } of this.settings.state.logins) {
      await auth.putUser({ name, password, role, demo: true, ...(role === 'household' ? { householdId: name } : {}) });
    }
  }

  private facts(): PlantFacts {
    const { settings } = this;
    const { config, state, clock } = settings;
    return {
      mode: 'demo',
      simulated: true,
      replay: state.homes,
      get clockOffsetMs() {
        return clock.offsetMs();
      },
      intervalMinutes: config.intervalMinutes,
      ledger: config.solanaRpcUrl === undefined ? 'embedded' : new URL(config.solanaRpcUrl).host,
      demoLogins: state.logins,
      history: () => ({ daysDone: state.daysDone, daysTotal: state.daysTotal ?? HISTORY_DAYS + 1 }),
    };
  }

  private greet(url: string): void {
    const { state, fleet, config, json } = this.settings;
    if (json) {
      console.log(
        JSON.stringify({
          url,
          logins: state.logins,
          modbus: [...this.hardware.addresses].map(([siteId, address]) => ({ siteId, ...address })),
        }),
      );
      return;
    }
    const ports = [...this.hardware.addresses.values()].map(({ port }) => port);
    const width = Math.max(...state.logins.map(({ name }) => name.length));
    console.log(
      [
        '',
        `  Heliograph: ${fleet.plant.name}, a virtual power plant on simulated hardware`,
        '',
        `  ${url}`,
        '',
        ...state.logins.map(({ name, password, title }) => `  ${name.padEnd(width)}  ${password}   ${title}`),
        '',
        `  API ${url}/api/docs · Modbus TCP on 127.0.0.1:${Math.min(...ports)}–${Math.max(...ports)} · data in ${config.dataDir}`,
        state.homes === undefined ? '  Households and weather are made up.' : `  Households replay ${state.homes} (${state.zone}).`,
        '  Ctrl-C hands every device back and stops.',
        '',
      ].join('\n'),
    );
  }
}
