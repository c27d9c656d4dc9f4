import type { DataSource, QueryRunner } from 'typeorm';

/** Lets one holder in at a time, in the order they came. */
class Turnstile {
  private last: Promise<void> = Promise.resolve();

  /** Resolves to the call that lets the next one in. */
  async enter(): Promise<() => void> {
    const before = this.last;
    let leave!: () => void;
    this.last = new Promise((resolve) => (leave = resolve));
    await before;
    return leave;
  }
}

/**
 * TypeORM gives SQLite one query runner for everybody, so that two transactions at a time fail, and a statement from elsewhere
 * lands inside a transaction it does not belong to, and is lost with its rollback. Here each gets a runner of its own, and
 * whoever is in a transaction has the connection to itself until it ends. PostgreSQL has connections enough and is left alone.
 *
 * Inside a transaction use its own manager only: any other repository would wait for the transaction to end.
 */
export const queueTransactions = (database: DataSource): DataSource => {
  if (database.options.type !== 'better-sqlite3') return database;
  const turnstile = new Turnstile();
  const driver = database.driver as unknown as { queryRunner?: QueryRunner; createQueryRunner(mode: string): QueryRunner };
  // Prepared statements hold memory that only a garbage collection gives back, so all runners use the same ones.
  const statements = new Map<string, unknown>();
  const createShared = driver.createQueryRunner.bind(driver);
  driver.createQueryRunner = (mode) => {
    driver.queryRunner = undefined;
    const runner = createShared(mode);
    driver.queryRunner = undefined;
    return queued(Object.assign(runner, { stmtCache: statements }), turnstile);
  };
  return database;
};

const queued = (runner: QueryRunner, turnstile: Turnstile): QueryRunner => {
  let leave: (() => void) | undefined;
  let depth = 0;
  const plain = {
    query: runner.query.bind(runner),
    start: runner.startTransaction.bind(runner),
    commit: runner.commitTransaction.bind(runner),
    rollback: runner.rollbackTransaction.bind(runner),
    release: runner.release.bind(runner),
  };
  const end = async (finish: () => Promise<void>): Promise<void> => {
    try {
      await finish();
    } finally {
      depth -= 1;
      if (depth <= 0) {
        depth = 0;
        leave?.();
        leave = undefined;
      }
    }
  };
  runner.query = async (...statement: Parameters<typeof plain.query>) => {
    if (leave) return plain.query(...statement);
    const done = await turnstile.enter();
    try {
      return await plain.query(...statement);
    } finally {
      done();
    }
  };
  runner.startTransaction = async (level) => {
    leave ??= await turnstile.enter();
    depth += 1;
    try {
      await plain.start(level);
    } catch (error) {
      await end(() => Promise.resolve());
      throw error;
    }
  };
  runner.commitTransaction = () => end(plain.commit);
  runner.rollbackTransaction = () => end(plain.rollback);
  runner.release = async () => {
    await plain.release();
    if (depth > 0) await end(() => Promise.resolve());
  };
  return runner;
};
