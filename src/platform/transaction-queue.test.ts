import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseOptions } from './database.js';
import { queueTransactions } from './transaction-queue.js';

describe('transactions on one SQLite connection', () => {
  let database: DataSource;

  beforeEach(async () => {
    database = queueTransactions(new DataSource({ ...databaseOptions({ kind: 'sqlite', file: ':memory:' }), migrations: [] }));
    await database.initialize();
    await database.query('CREATE TABLE t (a integer)');
  });
  afterEach(() => database.destroy());

  const both = (first: number, fail = false): Promise<string> =>
    database
      .transaction(async (manager) => {
        await manager.query('INSERT INTO t VALUES (?)', [first]);
        await new Promise((resolve) => setImmediate(resolve));
        await manager.query('INSERT INTO t VALUES (?)', [first + 100]);
        if (fail) throw new Error('on purpose');
      })
      .then(
        () => 'done',
        (error: Error) => error.message,
      );

  it('wait for one another, and a rollback takes nobody else’s rows with it', async () => {
    const outcomes = await Promise.all([
      both(1, true),
      both(2),
      both(3, true),
      database.query('INSERT INTO t VALUES (999)').then(() => 'plain'),
    ]);
    expect(outcomes).toEqual(['on purpose', 'done', 'on purpose', 'plain']);
    const rows: { a: number }[] = await database.query('SELECT a FROM t ORDER BY a');
    expect(rows.map(({ a }) => a)).toEqual([2, 102, 999]);
  });

  it('nest as savepoints', async () => {
    await database.transaction(async (outer) => {
      await outer.query('INSERT INTO t VALUES (1)');
      await outer
        .transaction(async (inner) => {
          await inner.query('INSERT INTO t VALUES (2)');
          throw new Error('only the inner one');
        })
        .catch(() => undefined);
    });
    expect(await database.query('SELECT a FROM t')).toEqual([{ a: 1 }]);
    expect(await both(5)).toBe('done');
  });
});
