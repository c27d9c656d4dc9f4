import type { Commissioned } from '../field/commissioned.js';
import type { Setpoint } from '../field/setpoint.js';
import { AdapterError } from '../kernel/errors.js';
import { print, type Reach } from './device-bus.js';

/**
 * Throws an `AdapterError` where the control shows a setpoint already: this command has set none yet, so it is somebody's. A limit
 * on sun may be somebody's safety, and no word overwrites it.
 */
export const refuseOverStranger = async (device: Commissioned, kind: Setpoint['kind'], insist: boolean): Promise<void> => {
  const shows = device.kinds.includes(kind) ? await device.shows(kind) : undefined;
  if (shows === undefined || (insist && kind !== 'pv-limit')) return;
  const way =
    kind === 'pv-limit'
      ? 'a limit on sun is never overwritten; if it is yours to lift, lift it first with --release --whoever-set-it'
      : 'give --insist to overwrite it';
  throw new AdapterError(`refused: the device shows ${shows} already, and nothing was written: ${way}`, false);
};

/** What a release ended and what it left, as the controls showed it. */
interface Released {
  readonly released: boolean;
  readonly lifted: readonly string[];
  readonly left?: string;
}

/** Ends what is commanded. A limit on sun is only lifted where it is said that its origin does not matter. */
export const releaseStanding = async (device: Commissioned, whoeverSetIt: boolean): Promise<Released> => {
  const standing: { kind: Setpoint['kind']; shows: string }[] = [];
  for (const kind of device.kinds) {
    const shows = await device.shows(kind);
    if (shows !== undefined) standing.push({ kind, shows });
  }
  const left = whoeverSetIt ? undefined : standing.find(({ kind }) => kind === 'pv-limit')?.shows;
  const kinds = device.kinds.filter((kind) => left === undefined || kind !== 'pv-limit');
  const released = kinds.length === 0 || (await device.release(kinds));
  const lifted = standing.filter(({ kind }) => kinds.includes(kind)).map(({ shows }) => shows);
  return { released, lifted, ...(left === undefined ? {} : { left }) };
};

export const sayReleased = ({ released, lifted, left }: Released, { json }: Reach): void => {
  const kind = !released ? 'unknown' : left === undefined ? 'released' : 'left';
  if (json) print({ kind, lifted, ...(left === undefined ? {} : { left }) });
  else for (const line of releaseLines({ released, lifted, left })) console.log(line);
  if (kind !== 'released') process.exitCode = 1;
};

const releaseLines = ({ released, lifted, left }: Released): string[] => [
  ...(released ? [] : ['the device does not show that it let go']),
  ...(released && lifted.length > 0 ? [`released: ${lifted.join(' and ')}`] : []),
  ...(released && lifted.length === 0 && left === undefined ? ['released: nothing was set'] : []),
  ...(left === undefined ? [] : [`left as it is: ${left}, which somebody may rely on; --whoever-set-it lifts it`]),
];
