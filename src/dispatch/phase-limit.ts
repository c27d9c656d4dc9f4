import type { Device } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import { NOMINAL_PHASE_V, type Watt } from '../kernel/units.js';
import type { SiteCase } from './site-case.js';

/** A device larger than this stands on three phases: more on one alone is not allowed at a household's connection (VDE-AR-N 4100, 5.5.2). */
const LARGEST_ON_ONE_PHASE_W: Watt = 4_600;

const CURRENTS = ['grid.currentAA', 'grid.currentBA', 'grid.currentCA'] as const;
const VOLTAGES = ['grid.voltageAV', 'grid.voltageBV', 'grid.voltageCV'] as const;

const phasesOf = ({ ratedW, flexibleLoad }: Device): 1 | 3 => flexibleLoad?.phases ?? (ratedW > LARGEST_ON_ONE_PHASE_W ? 3 : 1);

/** What devices may add together to what flows through the connection before a phase carries more than its fuse; below 0: must take back; W. */
export interface PhaseRoom {
  readonly importW: Watt;
  readonly exportW: Watt;
}

interface PhaseLoad {
  readonly currentA: number;
  readonly voltageV: number;
}

/**
 * What those of the site's devices that `adds` speaks of may add together. One that stands on a single phase may stand on the most loaded one. While a site gives to the
 * grid as a whole a phase of it may still take, and the other way round. The meter's currents are as late as its power: what has changed since is taken to lie on the devices' phases.
 * `undefined` where the site names no limit of its phases, or its meter no currents.
 */
export const phaseRoom = (
  { site, gridW, devices, able }: Pick<SiteCase, 'site' | 'gridW' | 'devices' | 'able'>,
  adds: (device: Device) => boolean,
): PhaseRoom | undefined => {
  const limitA = site.phaseLimitA;
  if (limitA === undefined || gridW === undefined) return undefined;
  const told = devices.find(({ device }) => device.role === 'grid-meter')?.values;
  if (told === undefined) return undefined;
  const loads = CURRENTS.flatMap((quantity, index): PhaseLoad[] => {
    const currentA = told[quantity];
    return currentA === undefined ? [] : [{ currentA, voltageV: told[VOLTAGES[index]!] ?? told['grid.voltageV'] ?? NOMINAL_PHASE_V }];
  });
  if (loads.length === 0) return undefined;
  const toldW = told['grid.powerW'] ?? gridW;
  const phases = Math.min(loads.length, ...able.flatMap(({ device }) => (adds(device) ? [phasesOf(device)] : [])));
  const roomW = (way: 1 | -1): Watt => {
    const rooms = directionsOf(loads, toldW).flatMap((signs) =>
      loads.map(({ currentA, voltageV }, index) => (limitA - way * signs[index]! * currentA) * voltageV),
    );
    return phases * Math.min(...rooms) - way * (gridW - toldW);
  };
  return { importW: roomW(1), exportW: roomW(-1) };
};

/** How far the phases' currents and the power may be apart, as a share of what the currents would carry at a power factor of 1. */
const REACTIVE_SHARE = 0.1;

/**
 * The ways in which the phases may flow, 1 in and -1 out: meters tell their currents without a direction, but together they have to make up the
 * power. Where more than one way does, nobody knows which it is.
 */
const directionsOf = (loads: readonly PhaseLoad[], powerW: Watt): number[][] => {
  let ways: number[][] = [[]];
  for (let phase = 0; phase < loads.length; phase += 1)
    ways = ways.flatMap((signs) => [
      [...signs, 1],
      [...signs, -1],
    ]);
  const sumW = (signs: readonly number[]): Watt => sum(loads.map(({ currentA, voltageV }, phase) => signs[phase]! * currentA * voltageV));
  const offW = ways.map((signs) => Math.abs(sumW(signs) - powerW));
  const mostW = Math.min(...offW) + REACTIVE_SHARE * sum(loads.map(({ currentA, voltageV }) => currentA * voltageV));
  return ways.filter((_, index) => offW[index]! <= mostW);
};
