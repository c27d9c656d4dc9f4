import type { Bundle } from './bundle.js';
import { isMetered, parseRecord, type ProofRecord, recordHash } from './record.js';

type Metered = Extract<ProofRecord, { quality: unknown }>;

interface Reading {
  readonly record: Metered;
  readonly leafIndex: number;
}

/** Readings and corrections that no other of the bundles takes the place of. */
const standing = (bundles: readonly Bundle[]): Reading[] => {
  const told = bundles.map((bundle) => ({ bundle, record: parseRecord(bundle.record) }));
  const superseded = new Set(told.flatMap(({ record }) => (record?.type === 'correction' ? record.supersedes : [])));
  return told.flatMap(({ record, bundle }) =>
    isMetered(record) && !superseded.has(recordHash(bundle.record)) ? [{ record, leafIndex: bundle.leafIndex }] : [],
  );
};

/** One counter, read once for both: equal energies alone may be chance, where a counter shows whole Wh. */
const isOneEnergy = (sun: Metered, battery: Metered): boolean =>
  sun.endMs === battery.endMs &&
  sun.toBusWh !== undefined &&
  sun.toBusWh > 0 &&
  sun.toBusWh === battery.toBusWh &&
  sun.toBusCounterWh !== undefined &&
  sun.toBusCounterWh === battery.toBusCounterWh;

/**
 * Readings of one site and time that call the energy of one counter both sun and what a battery gave out: pairs of leaf numbers, the sun
 * first. What has no counter, or calls a battery sun and says nothing of the battery, is not found out by this.
 */
export const batteryCalledSun = (bundles: readonly Bundle[]): [number, number][] => {
  const readings = standing(bundles);
  const placeOf = ({ record }: Reading): string => `${record.signer} ${record.site} ${record.startMs}`;
  const batteries = new Map<string, Reading[]>();
  for (const reading of readings) {
    if (reading.record.channel !== 'battery') continue;
    const others = batteries.get(placeOf(reading)) ?? [];
    others.push(reading);
    batteries.set(placeOf(reading), others);
  }
  return readings
    .filter(({ record }) => record.channel === 'pv')
    .flatMap((sun) =>
      (batteries.get(placeOf(sun)) ?? [])
        .filter((battery) => isOneEnergy(sun.record, battery.record))
        .map(({ leafIndex }): [number, number] => [sun.leafIndex, leafIndex]),
    );
};
