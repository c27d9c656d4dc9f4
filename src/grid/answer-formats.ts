import { NotAcceptableException, StreamableFile } from '@nestjs/common';
import type { Request } from 'express';
import { Readable } from 'node:stream';

/** How an answer can be had: whole, or as a stream of rows of any length. */
const TYPES = { json: 'application/json', ndjson: 'application/x-ndjson', csv: 'text/csv' } as const;
export type AnswerFormat = keyof typeof TYPES;

/** Values in an answer that is had whole; more would hold up everybody else while it is put together. */
export const MOST_VALUES = 50_000;

/** By the request's `Accept`; JSON where it does not mind. */
export const askedFormat = (request: Request): AnswerFormat => {
  const types = Object.values(TYPES);
  const type = request.accepts(types);
  const format = (Object.keys(TYPES) as AnswerFormat[]).find((name) => TYPES[name] === type);
  if (!format) throw new NotAcceptableException(`This can be had as ${types.join(', ')}.`);
  return format;
};

/**
 * Sends pieces as they are made. A piece is made when the one before it is on its way, so that a slow reader costs no memory, and
 * none is made for a reader that has gone. What fails at the first piece is a problem document; later it breaks the connection off,
 * which cannot be taken for the end.
 */
export const streamed = async (type: string, pieces: AsyncGenerator<string>): Promise<StreamableFile> => {
  const first = await pieces.next();
  return new StreamableFile(Readable.from(withFirst(first, pieces)), { type });
};

export const streamedRows = (format: Exclude<AnswerFormat, 'json'>, pieces: AsyncGenerator<string>): Promise<StreamableFile> =>
  streamed(TYPES[format], pieces);

async function* withFirst(first: IteratorResult<string>, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
