import { existsSync } from 'node:fs';
import { z } from 'zod';
import { DataSource } from 'typeorm';
import type { Quantity } from '../../field/sample.js';
import type { Plant } from '../../fleet/plant.js';
import { PlantDirectory } from '../../fleet/plant-directory.js';
import { importBegunSchema, importEndedSchema, importOutcomeSchema } from '../../grid/import-schemas.js';
import { BadInput } from '../../kernel/errors.js';
import { SystemClock } from '../../platform/clock.js';
import type { Config } from '../../platform/config.js';
import { databaseOptions } from '../../platform/database.js';
import { type FolderLock, lockFolder } from '../../platform/folder-lock.js';
import { migrateDatabase } from '../../platform/migrate.js';
import { type BatchOutcome, type ImportRequest, valuesOfRow } from '../../telemetry/import-run.js';
import { ImportService } from '../../telemetry/import.service.js';
import { IntervalEnergyEntity } from '../../telemetry/interval.entity.js';
import { IntervalRows } from '../../telemetry/interval-rows.js';
import { IntervalService } from '../../telemetry/interval.service.js';
import type { ReadingStore } from '../../telemetry/reading-store.port.js';
import { openReadingStore } from '../../telemetry/telemetry.module.js';
import { type OptionsOf, PlantClient } from '../plant-client.js';
import { readingTarget } from '../reading-target.js';
import { plantOn } from '../running-plant.js';
import type { FileRow } from './sorted-rows.js';

/** Where the rows of a file go: into the stores of a plant that stands, or through one that runs. */
export interface Importer {
  begin(request: ImportRequest, quantities: readonly Quantity[], source: string): Promise<void>;
  /** The next rows, in order of time. */
  take(rows: readonly FileRow[]): Promise<BatchOutcome>;
  /** Answers how many closed intervals are new. */
  finish(): Promise<number>;
  close(): Promise<void>;
}

const GIVEN_BY: OptionsOf<ImportRequest & { quantities: unknown; source: unknown }> = {
  deviceId: '--device',
  quantities: '--column',
  readingPeriodMs: '--csv',
  source: '--csv',
  dryRun: '--dry-run',
};

/** Through the API of a running plant, as the operator of `VPP_USER`. */
export class PlantImporter implements Importer {
  private id = '';
  private quantities: readonly Quantity[] = [];

  private constructor(private readonly client: PlantClient) {}

  static async login(url: string, { login }: Config): Promise<PlantImporter> {
    if (!login) throw new BadInput('--plant: set VPP_USER and VPP_PASSWORD to the login of an operator');
    return new PlantImporter(await PlantClient.login(url, login, GIVEN_BY));
  }

  async begin(request: ImportRequest, quantities: readonly Quantity[], source: string): Promise<void> {
    this.quantities = quantities;
    ({ id: this.id } = await this.client.post('/api/imports', { ...request, quantities, source }, importBegunSchema));
  }

  take(rows: readonly FileRow[]): Promise<z.infer<typeof importOutcomeSchema>> {
    const body = { quantities: this.quantities, rows: rows.map(({ atMs, values }) => [atMs, ...values]) };
    return this.client.post(`/api/imports/${this.id}/rows`, body, importOutcomeSchema);
  }

  async finish(): Promise<number> {
    return (await this.client.post(`/api/imports/${this.id}/end`, {}, importEndedSchema)).intervals;
  }

  async close(): Promise<void> {
    await this.client.logout().catch(() => undefined);
  }
}

/** Into the stores themselves, which belong to one process at a time: the folder is held for as long. */
export class StoreImporter implements Importer {
  private id = '';
  private quantities: readonly Quantity[] = [];

  private constructor(
    private readonly imports: ImportService,
    private readonly store: ReadingStore,
    private readonly database: DataSource,
    private readonly lock: FolderLock | undefined,
  ) {}

  /** A dry run makes nothing: where there is no plant yet, it looks at an empty one in memory. Throws `BadInput` where a plant runs. */
  static async open(config: Config, plant: Plant, dryRun: boolean): Promise<StoreImporter> {
    refuseBeside(config.dataDir);
    const inMemory = dryRun && config.database.kind === 'sqlite' && !existsSync(config.database.file);
    const lock = inMemory ? undefined : lockFolder(config.dataDir);
    try {
      if (!dryRun) await migrateDatabase(config.database);
      const target = inMemory ? ({ kind: 'sqlite', file: ':memory:' } as const) : config.database;
      const database = await new DataSource({ ...databaseOptions(target), entities: [IntervalEnergyEntity] }).initialize();
      if (inMemory) await database.runMigrations();
      else if (await database.showMigrations())
        throw new BadInput('the database is of an older version; bring it to this one with `vpp migrate`');
      const readings = readingTarget(config);
      const store = openReadingStore(
        inMemory && readings.kind === 'sqlite' ? { kind: 'sqlite', file: ':memory:' } : readings,
        () => undefined,
      );
      const directory = new FixedPlant(plant);
      const intervals = new IntervalService(new IntervalRows(database), store, directory, { wasUnsure: () => false });
      return new StoreImporter(new ImportService(directory, store, intervals, new SystemClock()), store, database, lock);
    } catch (error) {
      lock?.release();
      throw error;
    }
  }

  async begin(request: ImportRequest, quantities: readonly Quantity[]): Promise<void> {
    this.quantities = quantities;
    this.id = await this.imports.begin(request, quantities);
  }

  take(rows: readonly FileRow[]): Promise<BatchOutcome> {
    return this.imports.take(
      this.id,
      rows.map(({ atMs, values }) => ({ atMs, values: valuesOfRow(this.quantities, values) })),
    )!;
  }

  async finish(): Promise<number> {
    return (await this.imports.finish(this.id)!).intervals;
  }

  async close(): Promise<void> {
    await this.store.close();
    await this.database.destroy();
    this.lock?.release();
  }
}

class FixedPlant extends PlantDirectory {
  constructor(private readonly fixed: Plant) {
    super();
  }

  plant(): Plant {
    return this.fixed;
  }
}

/** A running plant keeps in memory what it has stored: what another process writes beside it would not be known to it. */
const refuseBeside = (dataDir: string): void => {
  const running = plantOn(dataDir);
  if (running)
    throw new BadInput(
      `${dataDir} is in use by "${running.plant}", which runs: import through it with --plant ${running.url ?? 'and its address'} (VPP_USER and VPP_PASSWORD of an operator), or stop it first`,
    );
};
