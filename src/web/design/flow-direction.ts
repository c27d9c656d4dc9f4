import type { ChartFlow } from '../chart/series.js';

export type Direction =
  'producing' | 'dark' | 'charging' | 'discharging' | 'idle' | 'importing' | 'exporting' | 'balanced' | 'running' | 'stopped' | 'drawing';

/** Below this a flow is the noise of its meter, and no direction is named. */
export const STILL_W = 30;

const words: Record<ChartFlow, [into: Direction, outOf: Direction, still: Direction]> = {
  pv: ['producing', 'dark', 'dark'],
  battery: ['discharging', 'charging', 'idle'],
  grid: ['importing', 'exporting', 'balanced'],
  generator: ['running', 'stopped', 'stopped'],
  load: ['drawing', 'drawing', 'drawing'],
};

/** The sign of a power in a word: powers are positive into the site. */
export const flowDirection = (flow: ChartFlow, powerW: number): Direction => {
  const [into, outOf, still] = words[flow];
  if (Math.abs(powerW) < STILL_W) return still;
  return powerW > 0 ? into : outOf;
};
