import type { Device, Site } from '../fleet/plant.js';
import { NOMINAL_PHASE_V, type Watt } from '../kernel/units.js';
import type { PlantImage } from '../telemetry/image.js';

/** A device larger than this stands on three phases: more on one alone is not allowed at a household's connection (VDE-AR-N 4100, 5.5.2). */
const LARGEST_ON_ONE_PHASE_W: Watt = 4_600;

const CURRENTS = ['grid.currentAA', 'grid.currentBA', 'grid.currentCA'] as const;
const VOLTAGES = ['grid.voltageAV', 'grid.voltageBV', 'grid.voltageCV'] as const;

const phasesOf = ({ ratedW, flexibleLoad }: Device): 1 | 3 => flexibleLoad?.phases ?? (ratedW > LARGEST_ON_ONE_PHASE_W ? 3 : 1);

/** What may still flow through the most loaded phase, in the way in which the site's power goes as a whole. */
export interface PhaseRoom {
  readonly way: 'import' | 'export';
  /** What these devices may add together, below 0: must take back; W. */
  readonly roomW: Watt;
}

/**
 * What those of the devices that add something may add to what flows through the connection before a phase carries more than its fuse.
 * One that stands on a single phase may stand on the most loaded one. The meter's currents are as late as its power: what has changed since is taken to lie on the devices' phases.
 * `undefined` where the site names no limit of its phases, or its meter no currents.
 */
export const phaseRoom = (
  { image }: { readonly image: PlantImage },
  site: Site,
  devices: readonly Device[],
  adds: (device: Device) => boolean = () => true,
): PhaseRoom | undefined => {
  if (site.phaseLimitA === undefined) return undefined;
  const meter = site.devices.find(({ role }) => role === 'grid-meter');
  const told = meter && image.devices.get(meter.id)?.values;
  const gridW = image.sites.get(site.id)?.powersW.grid;
  if (told === undefined || gridW === undefined) return undefined;
  const loads = CURRENTS.flatMap((quantity, index) => {
    const currentA = told[quantity];
    return currentA === undefined ? [] : [{ currentA, voltageV: told[VOLTAGES[index]!] ?? told['grid.voltageV'] ?? NOMINAL_PHASE_V }];
  });
  if (loads.length === 0) return undefined;
  const most = loads.reduce((a, b) => (b.currentA > a.currentA ? b : a));
  const sign = gridW < 0 ? -1 : 1;
  const phases = Math.min(loads.length, ...devices.filter(adds).map(phasesOf));
  const sinceW = sign * (gridW - (told['grid.powerW'] ?? gridW));
  return { way: sign > 0 ? 'import' : 'export', roomW: phases * (site.phaseLimitA - most.currentA) * most.voltageV - sinceW };
};
