import type { GeneratorRating } from '../fleet/plant.js';
import { SECOND_MS, type Watt } from '../kernel/units.js';
import type { DecisionInput } from './decision.js';
import { engineNow, engineRoom, plannedEngineW } from './engine-room.js';
import type { GeneratorOffer } from './generator-merit.js';
import { mayRun } from './generator-rules.js';
import { GENERATOR_STATE } from './generator-watch.js';
import type { DeviceCase, SiteCase } from './site-case.js';

const WATT_HOURS_PER_KWH = 1_000;

/** What a generator can do for an event, and what it gives now. */
export const generatorOffer = (input: DecisionInput, site: SiteCase, own: DeviceCase, fleetW: Watt = Infinity): GeneratorOffer => {
  const { device, values, planned } = own;
  const rating = device.generator!;
  const now = engineNow(input, device);
  const mayStop = !mayRun(rating, now, false, input.atMs).run;
  const { mostW } = engineRoom(input, site, own, { fleetW, batteriesRiseW: 0 }, () => true);
  const givesW = values['generator.powerW'] ?? 0;
  const isWarm = values['generator.state'] === GENERATOR_STATE.running;
  // What it will give once it is warm is not there yet, and has to come from others until then.
  const heldW = isWarm && !mayStop ? rating.minW : 0;
  const idlingLitresPerKwh = rating.noLoadLitresPerH / (rating.maxW / WATT_HOURS_PER_KWH);
  return {
    deviceId: device.id,
    baseW: Math.max(plannedEngineW(planned), heldW),
    minW: rating.minW,
    maxW: Math.min(rating.maxW, mostW),
    runs: now.running,
    isWarm,
    givesW,
    mayStart: mayRun(rating, now, true, input.atMs).run && isWarmInTime(input, rating),
    mayStop,
    costMicroPerKwh: (rating.litresPerKwh + idlingLitresPerKwh) * rating.fuelMicroPerLitre,
  };
};

/** For less than this share of the time that it has to run then, no engine is started. */
const WORTH_A_RUN = 0.1;

/** Whether an engine that is started now gives anything worth it before the event is over. */
const isWarmInTime = ({ event, atMs }: DecisionInput, { warmUpS, minUpS }: GeneratorRating): boolean =>
  event?.endMs === undefined || atMs + (warmUpS + WORTH_A_RUN * minUpS) * SECOND_MS < event.endMs;
