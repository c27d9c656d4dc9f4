import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '../../kernel/errors.js';
import { weatherFromCsv } from '../csv-history.js';
import type { Weather } from '../weather.js';
import { WeatherSource } from '../weather-source.port.js';

/** Weather out of one CSV file that something else keeps up to date, for all sites; read again when it has changed. */
export class WeatherFile extends WeatherSource {
  private known: Weather | undefined;
  private changedMs = NaN;

  constructor(
    private readonly file: string,
    /** Told once of each state of the file that cannot be used. */
    private readonly onFault: (reason: string) => void,
  ) {
    super();
  }

  async forecast(): Promise<Weather | undefined> {
    try {
      const { mtimeMs } = await stat(this.file);
      if (mtimeMs === this.changedMs) return this.known;
      this.changedMs = mtimeMs;
      this.known = weatherFromCsv(await readFile(this.file, 'utf8'), this.file);
    } catch (error) {
      this.onFault(messageOf(error));
    }
    return this.known;
  }
}
