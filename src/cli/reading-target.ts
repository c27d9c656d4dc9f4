import type { Config } from '../platform/config.js';
import type { ReadingTarget } from '../telemetry/telemetry.module.js';

/** Where the configuration has readings kept. */
export const readingTarget = ({ influxUrl, dataDir, spoolBytes }: Config): ReadingTarget =>
  influxUrl === undefined
    ? { kind: 'sqlite', file: `${dataDir}/readings.sqlite` }
    : { kind: 'influx', url: influxUrl, spool: { file: `${dataDir}/spool.sqlite`, maxBytes: spoolBytes } };
