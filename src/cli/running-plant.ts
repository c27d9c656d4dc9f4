import { lookup } from 'node:dns/promises';
import { readFileSync, realpathSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type Device, devicesOf, isSerial, type ModbusAddress, type Plant } from '../fleet/plant.js';
import { BadInput, messageOf } from '../kernel/errors.js';
import type { Config } from '../platform/config.js';
import { writeDurably } from '../platform/durable-file.js';
import { type FolderLock, isFolderLocked, lockFolder } from '../platform/folder-lock.js';

/** A plant that runs says in its folder what it commands, so that nobody commands the same beside it. */
const NOTE_FILE = 'running.json';

const placeSchema = z.object({ id: z.string(), bus: z.string(), unitId: z.number() });
const noteSchema = z.object({
  plant: z.string(),
  url: z.string().optional(),
  fleetFile: z.string().optional(),
  devices: z.array(placeSchema),
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

/** Who commands a device now: a plant, or a commissioning of it. */
export type Master =
  | { readonly by: 'plant'; readonly plant: string; readonly url: string | undefined; readonly deviceId: string }
  | { readonly by: 'commissioning'; readonly deviceId: string };

/** Who commands the device at an address from this data folder; `undefined` where nobody does. */
export const masterOf = async (dataDir: string, address: ModbusAddress): Promise<Master | undefined> => {
  const place = await placeOf(address);
  const isIt = ({ bus, unitId }: Place): boolean => bus === place && unitId === address.unitId;
  const commissioned = commissioningOn(dataDir);
  if (commissioned && isIt(commissioned)) return { by: 'commissioning', deviceId: commissioned.id };
  const note = isPlantOn(dataDir) ? noteIn(dataDir) : undefined;
  const device = note?.devices.find(isIt);
  return note && device && { by: 'plant', plant: note.plant, url: note.url, deviceId: device.id };
};

/** The plant that runs on a data folder; `undefined` where none does. Its address is known once it listens. */
export const plantOn = (dataDir: string): { plant: string; url: string | undefined } | undefined => {
  if (!isPlantOn(dataDir)) return undefined;
  const note = noteIn(dataDir);
  return { plant: note?.plant ?? 'a plant', url: note?.url };
};

const isPlantOn = (dataDir: string): boolean => isFolderLocked(dataDir) && !commissioningOn(dataDir)?.holdsFolder;

/** Whoever commissions a device says so too: its lock says whether that still holds. */
const COMMISSIONING_FILE = 'commissioning.json';

type Place = Pick<z.infer<typeof placeSchema>, 'bus' | 'unitId'>;
const commissioningSchema = placeSchema.extend({ holdsFolder: z.boolean() });

/**
 * Takes a data folder, which is made where there is none, for the commissioning of a device: no plant is to start in the middle,
 * nor another commissioning. One that runs already may go on with other devices. Throws `BadInput`.
 */
export const beginCommissioning = async (dataDir: string, { id, address }: Pick<Device, 'id' | 'address'>): Promise<FolderLock> => {
  const note = join(dataDir, COMMISSIONING_FILE);
  const locks: FolderLock[] = [];
  const release = (): void => {
    for (const lock of locks.splice(0)) lock.release();
  };
  try {
    locks.push(lockFolder(dataDir, 'commissioning'));
    // Of one that was killed.
    rmSync(note, { force: true });
    const master = await masterOf(dataDir, address);
    if (master?.by === 'plant')
      throw new BadInput(`${id} is commanded by the plant "${master.plant}", which runs on ${dataDir}: stop it first`);
    const holdsFolder = !isFolderLocked(dataDir);
    if (holdsFolder) locks.push(lockFolder(dataDir));
    const here = { id, bus: await placeOf(address), unitId: address.unitId, holdsFolder };
    writeDurably(note, `${JSON.stringify(here, null, 2)}\n`);
  } catch (error) {
    release();
    throw error instanceof BadInput ? error : new BadInput(`VPP_DATA_DIR: ${dataDir} cannot be taken: ${messageOf(error)}`);
  }
  return {
    release: () => {
      rmSync(note, { force: true });
      release();
    },
  };
};

const commissioningOn = (dataDir: string): z.infer<typeof commissioningSchema> | undefined => {
  if (!isFolderLocked(dataDir, 'commissioning')) return undefined;
  try {
    return commissioningSchema.parse(JSON.parse(readFileSync(join(dataDir, COMMISSIONING_FILE), 'utf8')));
  } catch {
    // It has only begun, and commands nothing yet.
    return undefined;
  }
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
