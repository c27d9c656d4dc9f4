import { z } from 'zod';
import type { Site } from '../../fleet/plant.js';
import { AdapterError, messageOf } from '../../kernel/errors.js';
import { type DurationMs, type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/units.js';
import type { Weather } from '../weather.js';
import { WeatherSource } from '../weather-source.port.js';

/** A weather service makes a new forecast every few hours; one look an hour and place is enough. */
const FRESH_MS = HOUR_MS;
/** Older than this a forecast is worse than none. */
const STALE_MS = 24 * HOUR_MS;
const TIMEOUT_MS: DurationMs = 5 * SECOND_MS;
/** The pause after a failure, doubled with each further one. */
const FIRST_PAUSE_MS = MINUTE_MS;
const LONGEST_PAUSE_MS = 2 * HOUR_MS;
/** As long as a site's models look back. */
const PAST_DAYS = 63;
const AHEAD_DAYS = 4;

const column = z.array(z.number().nullable());
const answerSchema = z.object({
  hourly: z.object({ time: z.array(z.number()).min(2), temperature_2m: column, shortwave_radiation: column, cloud_cover: column }),
});

interface Place {
  weather?: Weather;
  fetchedMs: EpochMs;
  failures: number;
  notBeforeMs: EpochMs;
  asking?: Promise<void>;
}

/**
 * Weather from a service that speaks as Open-Meteo's forecast API: hourly values by coordinates, those of past days being what was forecast
 * for them shortly before. One request an hour for all sites within a tenth of a degree; after a failure it waits, longer each
 * time, and what was known last is used for a day.
 */
export class OpenMeteo extends WeatherSource {
  private readonly places = new Map<string, Place>();

  constructor(
    /** As far as the path of the API: https://api.open-meteo.com/v1/forecast */
    private readonly url: string,
    private readonly onFault: (reason: string) => void,
  ) {
    super();
  }

  async forecast({ location }: Pick<Site, 'id' | 'location'>, nowMs: EpochMs): Promise<Weather | undefined> {
    if (!location) return undefined;
    const [latitude, longitude] = [location.latitude.toFixed(1), location.longitude.toFixed(1)];
    const key = `${latitude} ${longitude}`;
    let place = this.places.get(key);
    if (!place) this.places.set(key, (place = { fetchedMs: -Infinity, failures: 0, notBeforeMs: -Infinity }));
    if (nowMs - place.fetchedMs >= FRESH_MS && nowMs >= place.notBeforeMs) {
      place.asking ??= this.refresh(place, { latitude, longitude }, nowMs).finally(() => delete place.asking);
      await place.asking;
    }
    return nowMs - place.fetchedMs < STALE_MS ? place.weather : undefined;
  }

  private async refresh(place: Place, at: { latitude: string; longitude: string }, nowMs: EpochMs): Promise<void> {
    try {
      place.weather = await this.ask(at);
      place.fetchedMs = nowMs;
      place.failures = 0;
    } catch (error) {
      place.notBeforeMs = nowMs + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** place.failures);
      place.failures += 1;
      this.onFault(messageOf(error));
    }
  }

  private async ask(at: { latitude: string; longitude: string }): Promise<Weather> {
    const url = new URL(this.url);
    const asked = { ...at, hourly: 'temperature_2m,shortwave_radiation,cloud_cover', timezone: 'GMT', timeformat: 'unixtime' };
    for (const [name, value] of Object.entries({ ...asked, past_days: `${PAST_DAYS}`, forecast_days: `${AHEAD_DAYS}` }))
      url.searchParams.set(name, value);
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw new AdapterError(`${url.origin} answers ${answer.status}`, answer.status >= 500 || answer.status === 429);
    const parsed = answerSchema.safeParse(await answer.json());
    if (!parsed.success) throw new AdapterError(`${url.origin} does not answer as Open-Meteo does`, false);
    return weatherOf(parsed.data.hourly);
  }
}

/** Radiation is the mean of the hour before its time, and the others hold at theirs: both are told of the hour that begins there. */
const weatherOf = ({ time, temperature_2m, shortwave_radiation, cloud_cover }: z.infer<typeof answerSchema>['hourly']): Weather => {
  const known = (values: readonly (number | null)[]): (number | undefined)[] => values.map((value) => value ?? undefined);
  return {
    startMs: time[0]! * SECOND_MS,
    stepMs: (time[1]! - time[0]!) * SECOND_MS,
    temperatureC: known(temperature_2m),
    irradianceWm2: known(shortwave_radiation).slice(1),
    cloudPct: known(cloud_cover),
  };
};
