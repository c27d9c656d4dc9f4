import type { Setpoint } from '../field/setpoint.js';
import type { ModbusBus } from '../fleet/plant.js';
import { BadInput } from '../kernel/errors.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';

const MODBUS_PORT = 502;

/** A whole number within bounds. Throws `BadInput` naming the option. */
export const wholeNumber = (option: string, text: string, min: number, max: number): number => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new BadInput(`${option} "${text}": give a whole number from ${min} to ${max}`);
};

const PARITIES = { N: 'none', E: 'even', O: 'odd' } as const;

/**
 * The way to a bus: `HOST[:PORT]`, `rtu+HOST:PORT` for a gateway that passes RTU frames, or the path of a serial line, with
 * `@19200,8E1` where it is not spoken to with 9600,8N1. Throws `BadInput`.
 */
export const parseBus = (text: string): ModbusBus => {
  if (text.startsWith('rtu+')) return { ...parseAddress(text.slice(4)), framing: 'rtu' };
  if (!/^(\/|COM\d)/.test(text)) return parseAddress(text);
  const parsed = /^([^@]+)(?:@(\d+)(?:,8([NEO])([12]))?)?$/.exec(text);
  if (!parsed) throw new BadInput(`line "${text}": give its path, as /dev/ttyUSB0 or /dev/ttyUSB0@19200,8E1`);
  const [, serial, baudRate, parity, stopBits] = parsed;
  return {
    serial: serial!,
    baudRate: baudRate === undefined ? 9_600 : wholeNumber('baud rate', baudRate, 300, 1_000_000),
    parity: PARITIES[(parity ?? 'N') as keyof typeof PARITIES],
    stopBits: stopBits === '2' ? 2 : 1,
  };
};

/** `HOST[:PORT]`, with IPv6 addresses in brackets. Throws `BadInput`. */
const parseAddress = (text: string): { host: string; port: number } => {
  const parsed = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+))(?::(\d+))?$/.exec(text);
  if (!parsed) throw new BadInput(`address "${text}": give HOST or HOST:PORT, as 192.0.2.17:502`);
  const port = parsed[3] === undefined ? MODBUS_PORT : wholeNumber('port', parsed[3], 1, 65_535);
  return { host: (parsed[1] ?? parsed[2])!, port };
};

/** Unit ids as `1-10,247`, each once and in order. Throws `BadInput`. */
export const parseUnitIds = (text: string): number[] => {
  const ids = new Set<number>();
  for (const part of text.split(',')) {
    const parsed = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    const [first, last] = [Number(parsed?.[1]), Number(parsed?.[2] ?? parsed?.[1])];
    if (!parsed || first > last || last > 255) throw new BadInput(`--unit-ids "${text}": give ids from 0 to 255, as 1-10,247`);
    for (let id = first; id <= last; id += 1) ids.add(id);
  }
  return [...ids].sort((a, b) => a - b);
};

const DURATION_MS: Readonly<Record<string, number>> = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS };

/** A length of time as `90s`, `2m` or `1h`, in milliseconds. Throws `BadInput` naming the option. */
export const parseDuration = (option: string, text: string): number => {
  const parsed = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const durationMs = parsed ? Number(parsed[1]) * DURATION_MS[parsed[2]!]! : 0;
  if (durationMs > 0) return durationMs;
  throw new BadInput(`${option} "${text}": give a length of time, as 90s, 2m or 1h`);
};

export interface SetpointText {
  readonly limit?: string;
  readonly battery?: string;
  readonly generator?: string;
  readonly load?: string;
}

/** The one setpoint that the options name; a limit may be a percentage of the device's rating. Throws `BadInput`. */
export const parseSetpoint = ({ limit, battery, generator, load }: SetpointText): Setpoint | { kind: 'limit-percent'; percent: number } => {
  const given = [limit, battery, generator, load].filter((text) => text !== undefined);
  if (given.length !== 1) throw new BadInput('give one of --limit, --battery, --generator, --load or --release');
  if (limit !== undefined) {
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(limit);
    if (!percent) return { kind: 'pv-limit', maxW: watts('--limit', limit, false) };
    if (Number(percent[1]) > 100) throw new BadInput(`--limit "${limit}": a limit is at most 100%`);
    return { kind: 'limit-percent', percent: Number(percent[1]) };
  }
  if (battery !== undefined) return { kind: 'battery-power', powerW: watts('--battery', battery, true) };
  if (load !== undefined) return { kind: 'load-limit', maxW: watts('--load', load, false) };
  if (generator === 'stop') return { kind: 'generator', run: false, powerW: 0 };
  return { kind: 'generator', run: true, powerW: watts('--generator', generator!, false) };
};

const watts = (option: string, text: string, signed: boolean): number => {
  const parsed = /^(-?\d+(?:\.\d+)?)(W|kW)$/.exec(text);
  if (parsed && (signed || !text.startsWith('-'))) return Number(parsed[1]) * (parsed[2] === 'kW' ? 1_000 : 1);
  const more = signed
    ? ', negative to charge'
    : option === '--generator' || option === '--load'
      ? ''
      : ', or a share of the rating, as 60%';
  throw new BadInput(`${option} "${text}": give a power, as 3000W or 3kW${more}`);
};

/** A power as 300W, 1.5kW or a percentage of a rating. Throws `BadInput` naming the option. */
export const parsePower = (option: string, text: string, ratedW: number): number => {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text);
  const powerW = percent ? (Number(percent[1]) / 100) * ratedW : watts(option, text, false);
  if (powerW > 0) return powerW;
  throw new BadInput(`${option} "${text}": give more than nothing`);
};
