import { Body, ConflictException, Controller, Delete, Get, HttpCode, NotFoundException, Param, Patch, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { MINUTE_MS } from '../kernel/units.js';
import { AuditService } from '../platform/audit.service.js';
import { CallerParam, For } from '../platform/auth.guard.js';
import type { Caller } from '../platform/auth.service.js';
import { Clock } from '../platform/clock.js';
import type { EventRequest } from '../signals/event-rules.js';
import { type EventOutcome, EventService } from '../signals/event.service.js';
import type { EventAnswer } from '../dispatch/event-answer.js';
import { EventViewService, type GridEventView } from './event-view.service.js';
import { eventAnswerSchema, eventRequestSchema, gridEventSchema } from './schemas.js';

const SHOWN = 50;
const changeSchema = eventRequestSchema.partial();
/** What the plant made of the request: `note` where its times are not to the letter or a limit comes before it. */
const outcomeSchema = gridEventSchema.extend({ note: z.string().optional() });
type Answer = z.infer<typeof outcomeSchema>;

/** Wishes of the grid: ask, change, take back, and see what was delivered. */
@For('operator')
@ApiTags('events')
@Controller('api/events')
export class EventController {
  constructor(
    private readonly events: EventService,
    private readonly view: EventViewService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOkResponse({ standardSchema: z.array(gridEventSchema) })
  list(): Promise<GridEventView[]> {
    return this.view.newest(this.clock.now(), SHOWN);
  }

  @Get(':id')
  @ApiOkResponse({ standardSchema: gridEventSchema })
  async one(@Param('id') id: string): Promise<GridEventView> {
    const event = await this.view.find(id, this.clock.now());
    if (!event) throw new NotFoundException(`There is no event "${id}".`);
    return event;
  }

  @Post()
  @ApiCreatedResponse({ standardSchema: outcomeSchema })
  async announce(
    @Body({ schema: eventRequestSchema }) body: z.infer<typeof eventRequestSchema>,
    @CallerParam() caller: Caller,
  ): Promise<Answer> {
    const nowMs = this.clock.now();
    return this.answer(await this.events.announce(requestOf(body) as EventRequest, caller.name, nowMs, this.view.judge(nowMs)), caller);
  }

  /** What would be said to it now: nothing is announced. */
  @Post('answer')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: eventAnswerSchema })
  async wouldAnswer(@Body({ schema: eventRequestSchema }) body: z.infer<typeof eventRequestSchema>): Promise<EventAnswer> {
    const nowMs = this.clock.now();
    const wish = await this.events.wouldBe(requestOf(body) as EventRequest, nowMs);
    if ('kind' in wish) throw overlapOf(wish);
    return this.view.answer(wish, nowMs);
  }

  @Patch(':id')
  @ApiOkResponse({ standardSchema: outcomeSchema })
  async amend(
    @Param('id') id: string,
    @Body({ schema: changeSchema }) body: z.infer<typeof changeSchema>,
    @CallerParam() caller: Caller,
  ): Promise<Answer> {
    const nowMs = this.clock.now();
    return this.answer(await this.events.amend(id, requestOf(body), caller.name, nowMs, this.view.judge(nowMs)), caller);
  }

  @Delete(':id')
  @ApiOkResponse({ standardSchema: outcomeSchema })
  async cancel(@Param('id') id: string, @CallerParam() caller: Caller): Promise<Answer> {
    return this.answer(await this.events.cancel(id, caller.name, this.clock.now()), caller);
  }

  private async answer(outcome: EventOutcome, caller: Caller): Promise<Answer> {
    switch (outcome.kind) {
      case 'overlap':
        throw overlapOf(outcome);
      case 'refused':
        throw new ConflictException(`The fleet can deliver none of it: ${outcome.reasons.join('; ')}.`);
      case 'too-late':
        throw new ConflictException(`The event is ${outcome.state} already.`);
      case 'unknown-event':
        throw new NotFoundException('There is no such event.');
      case 'announced':
      case 'amended':
      case 'cancelled':
      case 'cut-short': {
        const { event, note } = outcome;
        const isToCome = outcome.kind === 'announced' || outcome.kind === 'amended';
        const notes = [...(note === undefined ? [] : [note]), ...(isToCome ? await this.view.limitsBefore(event, this.clock.now()) : [])];
        const accepted = isToCome && event.promise ? `, accepted: ${event.promise.acceptedW} W` : '';
        await this.audit.record(caller.name, `event-${outcome.kind}`, event.id, `${event.direction} ${event.powerW} W${accepted}`);
        return {
          ...(await this.view.view(event, this.clock.now())),
          ...(notes.length === 0 ? {} : { note: notes.join(' ') }),
        };
      }
    }
  }
}

const overlapOf = (outcome: { readonly with: { readonly id: string } }): ConflictException =>
  new ConflictException(`The event overlaps ${outcome.with.id}; cancel that one or choose another time.`);

const requestOf = ({ durationMinutes, ...rest }: z.infer<typeof changeSchema>): Partial<EventRequest> => ({
  ...rest,
  ...(durationMinutes === undefined ? {} : { durationMs: durationMinutes * MINUTE_MS }),
});
