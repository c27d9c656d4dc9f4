import { sum } from '../kernel/sum.js';
import type { Watt } from '../kernel/units.js';
import { FLEET_SCOPE, type OperatorLimit } from '../signals/operator-limit.js';
import type { PlantImage, SiteNow } from '../telemetry/image.js';

type Limited = Pick<OperatorLimit, 'scope' | 'kind'>;

/** What a limit is about, as a magnitude; `undefined` while a device that has a part in it does not say what that is. */
export const limitedPowerW = ({ scope, kind }: Limited, { sites, fleet }: PlantImage): Watt | undefined => {
  const isFleet = scope === FLEET_SCOPE;
  const powersW = isFleet ? (fleet.complete ? fleet.powersW : undefined) : sites.get(scope)?.powersW;
  const loadsW = (): Watt | undefined => loadsOf(isFleet ? [...sites.values()] : [sites.get(scope)]);
  const above = (powerW: Watt | undefined): Watt | undefined => powerW && Math.max(0, powerW);
  switch (kind) {
    case 'import':
      return above(powersW?.grid);
    case 'export':
      return above(powersW?.grid && -powersW.grid);
    case 'generation':
      return above(powersW?.pv);
    case 'load':
      return loadsW();
    case 'dimming':
      return lesser(powersW?.grid, loadsW());
  }
};

/** What batteries of sites take and their flexible loads draw; a site may have but one of them, or none. */
const loadsOf = (sites: readonly (SiteNow | undefined)[]): Watt | undefined => {
  const isTold = (site: SiteNow | undefined): site is SiteNow =>
    site !== undefined && !site.silentFlows?.some((flow) => flow === 'battery' || flow === 'flexible');
  if (!sites.every(isTold)) return undefined;
  return sum(sites.map(({ powersW: { battery = 0, flexible = 0 } }) => Math.max(0, -battery) - flexible));
};

/** What is drawn from the grid by those loads: no more than the connection takes. */
const lesser = (gridW: Watt | undefined, loadsW: Watt | undefined): Watt | undefined =>
  gridW === undefined || loadsW === undefined ? undefined : Math.max(0, Math.min(gridW, loadsW));
