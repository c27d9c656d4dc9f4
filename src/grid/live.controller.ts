import { Controller, type MessageEvent, Sse } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { concatMap, map, type Observable } from 'rxjs';
import { SECOND_MS } from '../kernel/units.js';
import { AlarmService } from '../platform/alarm.service.js';
import { For } from '../platform/auth.guard.js';
import { Clock } from '../platform/clock.js';
import { EventService } from '../signals/event.service.js';
import { alarmView } from './alarm.controller.js';
import { EventViewService } from './event-view.service.js';
import { FleetViewService } from './fleet-view.service.js';
import { every, named, streamOf, together } from './live.js';

/** Everything an operator's page watches, as it changes. */
@For('operator')
@ApiTags('live')
@Controller('api/live')
export class LiveController {
  constructor(
    private readonly view: FleetViewService,
    private readonly events: EventService,
    private readonly eventViews: EventViewService,
    private readonly alarms: AlarmService,
    private readonly clock: Clock,
  ) {}

  @Sse()
  @ApiOkResponse(streamOf('`fleet`, `sites`, `devices`, `grid-event` and `alarm`, each with the JSON of the route it is named for'))
  live(): Observable<MessageEvent> {
    return together(
      every(SECOND_MS, 'fleet', async () => this.view.fleetNow(this.clock.now(), (await this.events.active(this.clock.now()))?.id)),
      every(2 * SECOND_MS, 'sites', () => this.view.siteRows(this.clock.now())),
      every(2 * SECOND_MS, 'devices', () => this.view.deviceRows(this.clock.now())),
      every(SECOND_MS, 'grid-event', () => this.runningEvent()),
      this.events.changes.pipe(
        concatMap(({ event }) => this.eventViews.view(event, this.clock.now())),
        map((event) => named('grid-event', event)),
      ),
      this.alarms.changes.pipe(map((alarm) => named('alarm', alarmView(alarm)))),
    );
  }

  private async runningEvent(): Promise<object | undefined> {
    const nowMs = this.clock.now();
    const active = await this.events.active(nowMs);
    return active && this.eventViews.view(active, nowMs);
  }
}
