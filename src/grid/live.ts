import type { MessageEvent } from '@nestjs/common';
import type { ApiResponseNoStatusOptions } from '@nestjs/swagger';
import { concatMap, defer, filter, from, interval, map, merge, type Observable, startWith } from 'rxjs';
import type { DurationMs } from '../kernel/units.js';

/** A named server-sent event with JSON data. */
export const named = (type: string, data: object | string): MessageEvent => ({ type, data });

/** Asks `read` at once and then every `periodMs`, one question at a time; `undefined` sends nothing. */
export const every = <T extends object>(
  periodMs: DurationMs,
  type: string,
  read: () => T | undefined | Promise<T | undefined>,
): Observable<MessageEvent> =>
  interval(periodMs).pipe(
    startWith(0),
    concatMap(() => defer(() => from(Promise.resolve(read())))),
    filter((value) => value !== undefined),
    map((value) => named(type, value)),
  );

/** An event stream in the API's description; `events` says what comes over it. */
export const streamOf = (events: string): ApiResponseNoStatusOptions => ({
  description: `Server-sent events: ${events}.`,
  content: { 'text/event-stream': { schema: { type: 'string' } } },
});

export const together = (...streams: Observable<MessageEvent>[]): Observable<MessageEvent> => merge(...streams);
