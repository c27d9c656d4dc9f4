import { lookup } from 'node:dns/promises';
import { readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { devicesOf, isSerial, type ModbusAddress, type Plant } from '../fleet/plant.js';
import type { Config } from '../platform/config.js';
import { writeDurably } from '../platform/durable-file.js';
import { isFolderLocked } from '../platform/folder-lock.js';

/** A plant that runs says in its folder what it commands, so that nobody commands the same beside it. */
const NOTE_FILE = 'running.json';

const noteSchema = z.object({
  plant: z.string(),
  url: z.string().optional(),
  fleetFile: z.string().optional(),
  devices: z.array(z.object({ id: z.string(), bus: z.string(), unitId: z.number() })),
});

/** Says that a plant commands its devices, and where its API is once it listens. Its lock says whether that still holds. */
export const noteRunning = async (
  { dataDir, fleetFile }: Pick<Config, 'dataDir' | 'fleetFile'>,
  plant: Plant,
  url?: string,
): Promise<void> => {
  const devices = await Promise.all(
    devicesOf(plant).map(async ({ id, address }) => ({ id, bus: await placeOf(address), unitId: address.unitId })),
  );
  writeDurably(
    join(dataDir, NOTE_FILE),
    `${JSON.stringify({ plant: plant.name, url, fleetFile: fleetFile && resolve(fleetFile), devices }, null, 2)}\n`,
  );
};

/** The plant that commands a device now. */
export interface Master {
  readonly plant: string;
  readonly url: string | undefined;
  readonly deviceId: string;
}

/** Which plant of this data folder commands the device at an address; `undefined` where none runs, or not for this device. */
export const masterOf = async (dataDir: string, address: ModbusAddress): Promise<Master | undefined> => {
  if (!isFolderLocked(dataDir)) return undefined;
  const note = noteIn(dataDir);
  if (!note) return undefined;
  const place = await placeOf(address);
  const device = note.devices.find(({ bus, unitId }) => bus === place && unitId === address.unitId);
  return device && { plant: note.plant, url: note.url, deviceId: device.id };
};

/** The plant that runs on a data folder; `undefined` where none does. Its address is known once it listens. */
export const plantOn = (dataDir: string): { plant: string; url: string | undefined } | undefined => {
  if (!isFolderLocked(dataDir)) return undefined;
  const note = noteIn(dataDir);
  return { plant: note?.plant ?? 'a plant', url: note?.url };
};

/** What the plant that runs, or ran last, says of itself. */
export const noteIn = (dataDir: string): z.infer<typeof noteSchema> | undefined => {
  try {
    return noteSchema.parse(JSON.parse(readFileSync(join(dataDir, NOTE_FILE), 'utf8')));
  } catch {
    // Only a plant that has not come as far as its devices has none.
    return undefined;
  }
};

/** A bus by what is at its end: a host has many names and a line many links. What cannot be resolved keeps the name it has. */
const placeOf = async (address: ModbusAddress): Promise<string> => {
  try {
    if (isSerial(address)) return realpathSync(address.serial);
    return `${(await lookup(address.host)).address}:${address.port}`;
  } catch {
    return isSerial(address) ? address.serial : `${address.host}:${address.port}`;
  }
};
