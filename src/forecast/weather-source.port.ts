import type { Site } from '../fleet/plant.js';
import type { EpochMs } from '../kernel/units.js';
import type { Weather } from './weather.js';

/** Where weather comes from. */
export abstract class WeatherSource {
  /**
   * What is forecast for a site at `nowMs`, together with what was forecast for the days behind it as far as the source keeps them.
   * Undefined where nothing is known; a source that is away never holds a forecast up.
   */
  abstract forecast(site: Pick<Site, 'id' | 'location'>, nowMs: EpochMs): Promise<Weather | undefined>;
}

/** Plants without a source of weather: forecasts from history and the calendar alone. */
export class NoWeather extends WeatherSource {
  forecast(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
