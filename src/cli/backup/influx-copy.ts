import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { runTool } from './tool.js';

/** The port at which InfluxDB 1.x hands out backups; it has one of its own beside that of the API. */
const BACKUP_PORT = 8_088;

const ANSWER_MS = 3_000;

export type InfluxOutcome = { readonly kind: 'copied' } | { readonly kind: 'left-out'; readonly message: string };

/** InfluxDB's own backup of the readings, where its tool is here and its port can be reached. */
export const copyInflux = async (address: string, at: string | undefined, target: string): Promise<InfluxOutcome> => {
  const url = new URL(address);
  const database = decodeURIComponent(url.pathname.slice(1)) || 'heliograph';
  const host = at ?? `${url.hostname}:${BACKUP_PORT}`;
  const left = (why: string): InfluxOutcome => ({
    kind: 'left-out',
    message: `the readings in InfluxDB are not in the backup (${why}); back them up where it runs, with: influxd backup -portable -database ${database} -host ${host} FOLDER`,
  });
  // Its own tool tries for minutes.
  if (!(await answers(host))) return left(`nothing answers at ${host}, or not to this machine`);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const outcome = await runTool('influxd', ['backup', '-portable', '-database', database, '-host', host, target]);
  if (outcome.kind === 'done') return { kind: 'copied' };
  return left(outcome.kind === 'not-there' ? 'influxd is not on the PATH' : outcome.message);
};

const answers = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(`tcp://${address}`);
    const socket = connect({ host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || BACKUP_PORT), timeout: ANSWER_MS });
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket
      .once('connect', () => settle(true))
      .once('error', () => settle(false))
      .once('timeout', () => settle(false));
  });
