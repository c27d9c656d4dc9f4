import { z } from 'zod';
import { MIGRATIONS } from '../../../migrations/index.js';
import { READINGS_VERSION } from '../../telemetry/adapters/sqlite-reading-file.js';

export const MANIFEST_FILE = 'manifest.json';
export const FORMAT = 'heliograph-backup/1';

/** What lies where in a backup. */
export const PARTS = {
  /** The data folder, as it stood. */
  data: 'data',
  /** A fleet file from elsewhere. */
  fleet: 'fleet.yaml',
  /** PostgreSQL's own dump. */
  postgres: 'plant.pgdump',
  /** InfluxDB's own backup. */
  influx: 'influxdb',
} as const;

export const manifestSchema = z.object({
  format: z.literal(FORMAT),
  /** Of Heliograph. */
  version: z.string(),
  plant: z.string(),
  /** When the database was as it is in here. */
  at: z.iso.datetime(),
  database: z.enum(['sqlite', 'postgres']),
  readings: z.enum(['sqlite', 'influx', 'left-out']),
  schema: z.object({ migrations: z.array(z.string()), readings: z.number().int() }),
  /** Of the fleet file in here, where there is one. */
  fleet: z.string().optional(),
  files: z.array(
    z.object({
      path: z.string().regex(/^(?!.*(^|\/)\.\.?(\/|$))[^/].*$/, 'leaves the folder'),
      bytes: z.number().int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      mode: z.number().int().min(0).max(0o777),
    }),
  ),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** What a backup knows that this program does not: it comes from a newer one. */
export const newerThanThis = ({ schema }: Manifest): string[] => {
  const known = new Set(MIGRATIONS.map((migration) => new migration().name ?? migration.name));
  const strange = schema.migrations.filter((name) => !known.has(name));
  return schema.readings > READINGS_VERSION ? [...strange, `readings of version ${schema.readings}`] : strange;
};
