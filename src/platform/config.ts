import { z } from 'zod';
import { BadInput } from '../kernel/errors.js';
import { demandOf, type SchemaIssue } from '../kernel/schema-words.js';
import type { DatabaseTarget } from './database.js';
import type { TimeServer } from './sntp.js';

const wholeNumber = (min: number, max: number) => z.coerce.number<string>().int().min(min).max(max);

/** Every key the environment may hold, with its unit. `--help` and the README print these descriptions. */
export const environmentSchema = z.object({
  VPP_HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on'),
  VPP_PORT: wholeNumber(0, 65_535).default(8080).describe('Port of the pages and the API; 0 takes a free one'),
  VPP_DATA_DIR: z.string().min(1).default('data').describe('Folder for databases and keys'),
  VPP_USER: z.string().min(1).optional().describe('Operator that commands with `--plant` log in as'),
  VPP_PASSWORD: z.string().min(1).optional().describe('Password of VPP_USER'),
  VPP_FLEET: z.string().min(1).optional().describe('Fleet file of `vpp serve`'),
  VPP_INTERVAL_MINUTES: wholeNumber(1, 60)
    .refine((minutes) => 60 % minutes === 0, 'must divide an hour')
    .default(15)
    .describe('Length of metered, proven and settled intervals'),
  VPP_CYCLE_MS: wholeNumber(200, 60_000).default(1_000).describe('How often dispatch decides, in milliseconds'),
  VPP_RAW_RETENTION_DAYS: wholeNumber(1, 3_650).default(30).describe('How long single readings are kept'),
  VPP_NTP: z
    .string()
    .regex(/^[^:\s]+(:\d{1,5})?$|^\[[0-9a-f:]+\](:\d{1,5})?$/i, 'must read host or host:port')
    .optional()
    .describe('Time server that the clock is checked against once an hour'),
  VPP_WEATHER: z.string().min(1).optional().describe('Weather forecasts: a CSV file, or an address of Open-Meteo’s API; none without it'),
  VPP_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info').describe('What the log says'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe('PostgreSQL, as postgres://user:password@host/database; a SQLite file in the data folder without it'),
  INFLUX_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('InfluxDB 1.x, as http://host:8086/database; a SQLite file in the data folder without it'),
  VPP_SPOOL_MB: wholeNumber(1, 1_000_000).default(1_024).describe('Room on disk for readings while InfluxDB is away, in megabytes'),
  VPP_DECISIONS_MB: wholeNumber(0, 1_000_000).default(1_024).describe('Room on disk for the log of decisions, in megabytes; 0 keeps none'),
  SOLANA_RPC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Solana cluster for the anchors; a ledger of the plant’s own without it'),
  VPP_PROOF_KEYS: z.string().min(1).optional().describe('Signing keys, as proof-keys.json holds them; that file without it'),
  VPP_ANCHOR_SIGNER: z
    .string()
    .min(1)
    .optional()
    .describe('Program that holds the anchor key and signs with it; a key of the plant’s own without it'),
});

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly fleetFile: string | undefined;
  /** Of a running plant, for commands that go through it. */
  readonly login: { readonly name: string; readonly password: string } | undefined;
  readonly intervalMinutes: number;
  readonly cycleMs: number;
  readonly rawRetentionDays: number;
  readonly timeServer: TimeServer | undefined;
  /** A file, or an address that begins with http. */
  readonly weather: string | undefined;
  readonly logLevel: string;
  readonly database: DatabaseTarget;
  readonly influxUrl: string | undefined;
  readonly spoolBytes: number;
  readonly decisionBytes: number;
  readonly solanaRpcUrl: string | undefined;
  readonly proofKeys: string | undefined;
  readonly anchorSigner: string | undefined;
}

const NTP_PORT = 123;

const timeServerOf = (text: string): TimeServer => {
  const { hostname, port } = new URL(`udp://${text}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? NTP_PORT : Number(port) };
};

/** What it says is told beside it. */
const demanded = (issue: SchemaIssue): string | undefined => {
  const demand = demandOf(issue);
  return demand === undefined ? undefined : `must be ${demand}`;
};

/** Addresses may hold passwords, so what they say is not repeated. */
const faultOf = (key: string, value: string | undefined, message: string): string => {
  const { description } = environmentSchema.shape[key as keyof typeof environmentSchema.shape];
  return `${key}${/_URL$|PASSWORD$/.test(key) ? '' : ` "${value}"`}: ${message} (${description})`;
};

/** A process environment as the configuration. Throws `BadInput` with a line for every key that is unknown or has a bad value. */
export const configOf = (environment: Readonly<Record<string, string | undefined>>): Config => {
  const known = Object.keys(environmentSchema.shape);
  const unknown = Object.keys(environment).filter((key) => key.startsWith('VPP_') && !known.includes(key));
  const given = Object.fromEntries(known.map((key) => [key, environment[key] === '' ? undefined : environment[key]]));
  const parsed = environmentSchema.safeParse(given, { error: demanded });
  const faults = [
    ...unknown.map((key) => `environment: ${key} is not a key of Heliograph; known are ${known.join(', ')}`),
    ...(parsed.error?.issues ?? []).map(({ path: [key], message }) => `environment: ${faultOf(String(key), given[String(key)], message)}`),
  ];
  if (!parsed.success || faults.length > 0) throw new BadInput(faults);
  const { data } = parsed;
  return {
    host: data.VPP_HOST,
    port: data.VPP_PORT,
    dataDir: data.VPP_DATA_DIR,
    fleetFile: data.VPP_FLEET,
    login:
      data.VPP_USER !== undefined && data.VPP_PASSWORD !== undefined ? { name: data.VPP_USER, password: data.VPP_PASSWORD } : undefined,
    intervalMinutes: data.VPP_INTERVAL_MINUTES,
    cycleMs: data.VPP_CYCLE_MS,
    rawRetentionDays: data.VPP_RAW_RETENTION_DAYS,
    timeServer: data.VPP_NTP === undefined ? undefined : timeServerOf(data.VPP_NTP),
    weather: data.VPP_WEATHER,
    logLevel: data.VPP_LOG_LEVEL,
    database: data.DATABASE_URL
      ? { kind: 'postgres', url: data.DATABASE_URL }
      : { kind: 'sqlite', file: `${data.VPP_DATA_DIR}/plant.sqlite` },
    influxUrl: data.INFLUX_URL,
    spoolBytes: data.VPP_SPOOL_MB * 1_000_000,
    decisionBytes: data.VPP_DECISIONS_MB * 1_000_000,
    solanaRpcUrl: data.SOLANA_RPC_URL,
    proofKeys: data.VPP_PROOF_KEYS,
    anchorSigner: data.VPP_ANCHOR_SIGNER,
  };
};
