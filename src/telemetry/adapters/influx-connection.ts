import { Pool, RequestError } from 'influx/lib/src/pool.js';
import type { IncomingMessage } from 'node:http';
import { stringify } from 'node:querystring';
import { finished } from 'node:stream/promises';
import { z } from 'zod';
import { AdapterError, BadInput, messageOf } from '../../kernel/errors.js';

const REQUEST_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 30_000;
/** Rolling up and forgetting send nothing until they are done. */
const UPKEEP_TIMEOUT_MS = 300_000;
const CHUNK_LINES = 5_000;
const CHUNK_STATEMENTS = 1_000;
/** Rows that the server sends at a time: we read some while it looks for the next, and nobody waits long for the parsing. */
const CHUNK_ROWS = '5000';

/** Some rows of one statement's answer. */
export interface Rows {
  /** Which of the statements asked. */
  readonly statement: number;
  readonly columns: readonly string[];
  readonly values: readonly (readonly unknown[])[];
}

const rowsSchema = z.custom<unknown[][]>((values) => Array.isArray(values));
const answerSchema = z.object({
  error: z.string().optional(),
  results: z
    .array(
      z.object({
        statement_id: z.number().default(0),
        error: z.string().optional(),
        // Cells are looked at where they are used: checking each of half a million here takes longer than all the rest.
        series: z.array(z.object({ columns: z.array(z.string()), values: rowsSchema })).default([]),
      }),
    )
    .default([]),
});

/** An InfluxDB 1.x database over HTTP. It is made when it is first needed. */
export class InfluxConnection {
  private made: Promise<void> | undefined;

  private constructor(
    private readonly pool: Pool,
    private readonly patientPool: Pool,
    private readonly auth: string | undefined,
    private readonly database: string,
  ) {}

  /** Does not connect yet. Throws `BadInput` for an unusable URL. */
  static open(address: string): InfluxConnection {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      throw new BadInput('INFLUX_URL: must read http://user:password@host:8086/database');
    }
    const database = decodeURIComponent(url.pathname.slice(1)) || 'heliograph';
    const user = decodeURIComponent(url.username);
    const poolOf = (requestTimeout: number): Pool => {
      const pool = new Pool({ maxRetries: 0, requestTimeout });
      pool.addHost(`${url.protocol}//${url.hostname}:${url.port || 8086}`);
      return pool;
    };
    const auth = user ? `${user}:${decodeURIComponent(url.password)}` : undefined;
    return new InfluxConnection(poolOf(REQUEST_TIMEOUT_MS), poolOf(UPKEEP_TIMEOUT_MS), auth, database);
  }

  /** Lines of the line protocol, in milliseconds. The server answers when they are in its write-ahead log on disk. */
  async write(what: string, lines: readonly string[]): Promise<void> {
    for (let at = 0; at < lines.length; at += CHUNK_LINES) {
      const body = lines.slice(at, at + CHUNK_LINES).join('\n');
      await this.attempt(what, async () => {
        await this.makeDatabase();
        const query = { db: this.database, precision: 'ms' };
        await inTime(ANSWER_TIMEOUT_MS, async (signal) => {
          const response = await this.request(this.pool, signal, { path: '/write', query, body });
          response.resume();
          await finished(response);
        });
      });
    }
  }

  /** Asks statements in one go; what they answer comes in their order, in pieces. */
  ask(what: string, statements: readonly string[], take: (rows: Rows) => void = () => undefined): Promise<void> {
    return this.inGo(what, this.pool, ANSWER_TIMEOUT_MS, statements, take);
  }

  /** Statements that change much and take their time. */
  upkeep(what: string, statements: readonly string[]): Promise<void> {
    return this.inGo(what, this.patientPool, UPKEEP_TIMEOUT_MS, statements, () => undefined);
  }

  private async inGo(what: string, pool: Pool, withinMs: number, statements: readonly string[], take: (rows: Rows) => void): Promise<void> {
    for (let at = 0; at < statements.length; at += CHUNK_STATEMENTS) {
      const q = statements.slice(at, at + CHUNK_STATEMENTS).join(';');
      await this.attempt(what, async () => {
        await this.makeDatabase();
        await this.query(pool, withinMs, q, (rows) => take({ ...rows, statement: rows.statement + at }));
      });
    }
  }

  private makeDatabase(): Promise<void> {
    const quoted = `"${this.database.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    return (this.made ??= this.query(this.pool, ANSWER_TIMEOUT_MS, `CREATE DATABASE ${quoted}`, () => undefined));
  }

  private query(pool: Pool, withinMs: number, q: string, take: (rows: Rows) => void): Promise<void> {
    const body = stringify({ db: this.database, q, epoch: 'ms', chunked: 'true', chunk_size: CHUNK_ROWS });
    return inTime(withinMs, async (signal) => {
      for await (const line of linesOf(await this.request(pool, signal, { path: '/query', body }))) {
        const answer = answerSchema.parse(JSON.parse(line));
        const fault = answer.error ?? answer.results.find(({ error }) => error !== undefined)?.error;
        if (fault !== undefined) throw new Error(fault);
        for (const { statement_id: statement, series } of answer.results) {
          for (const { columns, values } of series) take({ statement, columns, values });
        }
      }
    });
  }

  private request(
    pool: Pool,
    signal: AbortSignal,
    { path, query, body }: { path: string; query?: Record<string, string>; body: string },
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      pool.stream({ method: 'POST', path, query, body, auth: this.auth, signal }, (error, response) =>
        error ? reject(error) : resolve(response),
      );
    });
  }

  private async attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // Whatever it was, the database may have gone; making it again does nothing where it is there.
      this.made = undefined;
      // No `cause`: the client's errors carry the whole request, with the password in it.
      throw new AdapterError(`InfluxDB: ${what}: ${messageOf(error)}`, !isRefusal(error));
    }
  }
}

/** The client waits for ever for the rest of an answer, or of an error, that broke off, so every call gets an end. */
const inTime = async <T>(withinMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const control = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no full answer within ${withinMs} ms`));
      control.abort();
    }, withinMs).unref();
  });
  try {
    return await Promise.race([work(control.signal), late]);
  } finally {
    clearTimeout(timer);
  }
};

/** 400: a point cannot be stored as it is; 413: too many at once. Everything else may be mended at the server. */
const isRefusal = (error: unknown): boolean => {
  const status = error instanceof RequestError ? error.res.statusCode : undefined;
  return status === 400 || status === 413;
};

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let parts: string[] = [];
  for await (const text of response as AsyncIterable<string>) {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const line = parts.join('') + text.slice(from, end);
      parts = [];
      from = end + 1;
      if (line !== '') yield line;
    }
    if (from < text.length) parts.push(text.slice(from));
  }
  if (parts.length > 0) yield parts.join('');
}
