import { mkdirSync } from 'node:fs';
import { runTool } from './tool.js';

/** The port at which InfluxDB 1.x hands out backups; it has one of its own beside that of the API. */
const BACKUP_PORT = 8_088;

export type InfluxOutcome = { readonly kind: 'copied' } | { readonly kind: 'left-out'; readonly message: string };

/** InfluxDB's own backup of the readings, where its tool is here and its port can be reached. */
export const copyInflux = async (address: string, target: string): Promise<InfluxOutcome> => {
  const url = new URL(address);
  const database = decodeURIComponent(url.pathname.slice(1)) || 'heliograph';
  const host = `${url.hostname}:${BACKUP_PORT}`;
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const outcome = await runTool('influxd', ['backup', '-portable', '-database', database, '-host', host, target]);
  if (outcome.kind === 'done') return { kind: 'copied' };
  const why = outcome.kind === 'not-there' ? 'influxd is not on the PATH' : outcome.message;
  const how = `influxd backup -portable -database ${database} -host ${host} FOLDER`;
  return { kind: 'left-out', message: `the readings in InfluxDB are not in the backup (${why}); back them up where it runs, with: ${how}` };
};
