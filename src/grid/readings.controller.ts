import { Controller, Get, Header, Headers, Query, Req, Res, type StreamableFile } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { For } from '../platform/auth.guard.js';
import { askedFormat, streamed, streamedRows } from './answer-formats.js';
import { READINGS_RESPONSE, TAIL_RESPONSE } from './query-responses.js';
import { type ReadingsAnswer, type ReadingsQuery, readingsQuerySchema, type TailQuery, tailQuerySchema } from './readings-query.js';
import { ReadingsService } from './readings.service.js';
import { TailService } from './tail.service.js';

/** What devices have told, then and now. */
@For('operator')
@ApiTags('readings')
@Controller('api/readings')
export class ReadingsController {
  constructor(
    private readonly readings: ReadingsService,
    private readonly tails: TailService,
  ) {}

  @Get()
  @Header('vary', 'accept')
  @ApiOkResponse(READINGS_RESPONSE)
  async range(
    @Query({ schema: readingsQuerySchema }) query: ReadingsQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ReadingsAnswer | StreamableFile> {
    const format = askedFormat(request);
    const asked = this.readings.asked(query);
    return format === 'json' ? this.readings.series(asked, goneOf(response)) : streamedRows(format, this.readings.rows(asked, format));
  }

  @Get('live')
  @Header('cache-control', 'no-store')
  @Header('x-accel-buffering', 'no')
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The id of the last event that came: what has come since is told first',
  })
  @ApiOkResponse(TAIL_RESPONSE)
  live(
    @Query({ schema: tailQuerySchema }) { devices, quantities }: TailQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    const asked = { devices: this.readings.devicesOf(devices), quantities };
    return streamed('text/event-stream', this.tails.events(asked, lastEventId, goneOf(response)));
  }
}

/** Aborted once nobody waits for the answer any more. */
const goneOf = (response: Response): AbortSignal => {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  if (response.closed) gone.abort();
  return gone.signal;
};
