import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InfluxConnection, type Rows } from './influx-connection.js';

const answerOf = (statement: number, value: number, error?: string): string =>
  `${JSON.stringify({ results: [{ statement_id: statement, error, series: [{ columns: ['time', 'x'], values: [[1, value]] }] }] })}\n`;

describe('the way to InfluxDB', () => {
  let server: Server;
  let connection: InfluxConnection;
  let asked: URLSearchParams[];
  let respond: (request: IncomingMessage, response: ServerResponse) => void;
  beforeEach(async () => {
    asked = [];
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const parameters = new URLSearchParams(await text(request));
      asked.push(parameters);
      if (parameters.get('q')?.startsWith('CREATE DATABASE')) response.end('{"results":[{"statement_id":0}]}\n');
      else respond(request, response);
    };
    server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    connection = InfluxConnection.open(`http://anna:secret@127.0.0.1:${(server.address() as AddressInfo).port}/plant`);
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const ask = async (statements: readonly string[]): Promise<Rows[]> => {
    const taken: Rows[] = [];
    await connection.ask('asking', statements, (rows) => taken.push(rows));
    return taken;
  };

  it('makes the database once, and takes answers in whatever pieces they come', async () => {
    respond = (_request, response) => {
      const answer = answerOf(0, 1) + answerOf(0, 2) + answerOf(1, 3).trimEnd();
      response.write(answer.slice(0, 30));
      setTimeout(() => response.end(answer.slice(30)), 20);
    };
    const rows = [
      { statement: 0, columns: ['time', 'x'], values: [[1, 1]] },
      { statement: 0, columns: ['time', 'x'], values: [[1, 2]] },
      { statement: 1, columns: ['time', 'x'], values: [[1, 3]] },
    ];
    expect(await ask(['a', 'b'])).toEqual(rows);
    expect(await ask(['a', 'b'])).toEqual(rows);
    expect(asked.map((parameters) => parameters.get('q'))).toEqual(['CREATE DATABASE "plant"', 'a;b', 'a;b']);
  });

  it('numbers statements through, however many requests they take', async () => {
    respond = (_request, response) => response.end(answerOf(7, 1));
    const rows = await ask(Array.from({ length: 1_500 }, (_, i) => `s${i}`));
    expect(rows.map(({ statement }) => statement)).toEqual([7, 1_007]);
  });

  it('fails where an answer breaks off or ends in an error, and may be asked again', async () => {
    respond = (_request, response) => {
      response.write(answerOf(0, 1));
      setTimeout(() => response.destroy(), 20);
    };
    await expect(ask(['a'])).rejects.toMatchObject({ retryable: true });
    respond = (_request, response) => response.end(answerOf(0, 1) + answerOf(1, 2, 'timeout reached'));
    await expect(ask(['a'])).rejects.toMatchObject({ retryable: true, message: 'InfluxDB: asking: timeout reached' });
  });

  it('tells what is refused for good from what is not, without the password', async () => {
    const fault = async (status: number): Promise<unknown> => {
      respond = (_request, response) => response.writeHead(status).end('{"error":"no"}');
      return connection.write('storing', ['a b=1 1']).catch((error: unknown) => error);
    };
    const refused = await fault(400);
    expect(refused).toMatchObject({ retryable: false });
    expect(await fault(413)).toMatchObject({ retryable: false });
    expect(await fault(404)).toMatchObject({ retryable: true });
    expect(JSON.stringify(refused) + String(refused) + String((refused as Error).stack)).not.toContain('secret');
    expect((refused as Error).cause).toBeUndefined();
  });
});
