import type { Bundle } from './bundle.js';
import { type Checkpoint, parseCheckpoint, parseNote, verifyNote } from './checkpoint.js';
import { fromHex, toHex, utf8 } from './encoding.js';
import { HASH_LENGTH, leafHash, verifyInclusion } from './merkle.js';
import { isMetered, parseRecord, type ProofRecord, recordHash } from './record.js';
import { verifySignature } from './signature.js';

const NOTHING = new Uint8Array(0);

interface Told {
  readonly record: ProofRecord;
  readonly bundle: Bundle;
}

const recordsIn = (bundles: readonly Bundle[]): Told[] =>
  bundles.flatMap((bundle) => {
    const record = parseRecord(bundle.record);
    return record ? [{ record, bundle }] : [];
  });

const deviceOf = (record: ProofRecord): string => ('device' in record ? record.device : '');

/** What is claimed: time of a device and channel by a reading, by a correction the record that it takes the place of. */
const claimOf = (record: ProofRecord): { readonly claim: string; readonly whole: boolean } | undefined => {
  if (record.type === 'correction') return { claim: `${record.signer} correction of ${record.supersedes}`, whole: true };
  return record.type === 'interval-reading'
    ? { claim: `${record.signer} ${record.site} ${record.device} ${record.channel}`, whole: false }
    : undefined;
};

/**
 * Bundles that claim time of one device and channel twice, wholly or in part, or correct one record twice, which no honest log
 * holds: pairs of leaf numbers.
 */
export const countedTwice = (bundles: readonly Bundle[]): [number, number][] => {
  const claims = new Map<string, Told[]>();
  const twice: [number, number][] = [];
  for (const told of recordsIn(bundles)) {
    const claimed = claimOf(told.record);
    if (!claimed) continue;
    const { startMs, endMs } = told.record;
    const others = claims.get(claimed.claim) ?? [];
    for (const { record, bundle } of others)
      if (bundle.leafIndex !== told.bundle.leafIndex && (claimed.whole || (record.startMs < endMs && startMs < record.endMs)))
        twice.push([bundle.leafIndex, told.bundle.leafIndex]);
    others.push(told);
    claims.set(claimed.claim, others);
  }
  return twice;
};

const isSigned = ({ record, bundle }: Told): boolean =>
  verifySignature(fromHex(bundle.signature, 64) ?? NOTHING, utf8(bundle.record), fromHex(record.signer, 32)!);

/** What somebody said of one thing: where two of one place say different things, that is the conflict. */
interface Account {
  readonly place: string;
  readonly says: string;
  readonly conflict: string;
}

const placeIn = (record: ProofRecord, sequence: number): string =>
  `${record.signer} ${record.site} ${deviceOf(record)} ${record.channel} ${sequence}`;

/** Of one place in a chain the record that stands there, as it says itself and as the next one names it. */
const chainAccounts = ({ record, bundle }: Told): Account[] => {
  const { sequence, previous, channel } = record;
  const own = {
    place: placeIn(record, sequence),
    says: recordHash(bundle.record),
    conflict: `two different signed records stand at number ${sequence} of one chain (${channel})`,
  };
  const before = {
    place: placeIn(record, sequence - 1),
    says: previous,
    conflict: own.conflict.replace(String(sequence), String(sequence - 1)),
  };
  return sequence === 0 ? [own] : [own, before];
};

/** What a reading or correction is of, as it says itself and as the correction that takes its place says. */
const subjectAccounts = ({ record, bundle }: Told): Account[] => {
  if (!isMetered(record)) return [];
  const { signer, site, device, channel, startMs, endMs } = record;
  const of = (hash: string): Account => ({
    place: `${signer} subject ${hash}`,
    says: `${site} ${device} ${channel} ${startMs} ${endMs}`,
    conflict: `a correction (${channel}) takes the place of a record of something else`,
  });
  return [of(recordHash(bundle.record)), ...(record.type === 'correction' ? [of(record.supersedes)] : [])];
};

const signedHead = (note: string | undefined, key: Uint8Array): Checkpoint | undefined => {
  const parsed = note === undefined ? undefined : parseNote(note);
  const head = parsed && parseCheckpoint(parsed.text);
  return head && verifyNote(parsed, head.origin, key) ? head : undefined;
};

/** Of one size of a log its signed roots, that of the anchor before too; and of one place in it, what the leaf there is. */
const treeAccounts = ({ checkpoint, earlier, commitment, leafIndex, inclusion, keys }: Bundle): Account[] => {
  const key = fromHex(keys.log, 32) ?? NOTHING;
  const heads = [checkpoint, earlier?.checkpoint].flatMap((note) => signedHead(note, key) ?? []);
  const roots = heads.map(({ origin, size, root }) => ({
    place: `${origin} ${toHex(key)} ${size}`,
    says: toHex(root),
    conflict: `the log signed two roots for ${size} entries`,
  }));
  const head = signedHead(checkpoint, key);
  const leaf = leafHash(fromHex(commitment, HASH_LENGTH) ?? NOTHING);
  const path = inclusion.map((hash) => fromHex(hash, HASH_LENGTH) ?? NOTHING);
  if (!head || !verifyInclusion(leaf, leafIndex, head.size, path, head.root)) return roots;
  const place = `${head.origin} ${toHex(key)} leaf ${leafIndex}`;
  return [...roots, { place, says: commitment, conflict: `the log holds two entries at number ${leafIndex}` }];
};

/**
 * Statements under one key that can't both be true, in plain words: two signed records at one place of a chain, which the next one
 * may name as well; a correction of something else; two signed roots of one size; two entries of a log at one number. Each pair is evidence by itself, whoever shows it.
 */
export const contradictionsAmong = (bundles: readonly Bundle[]): string[] => {
  const found = new Set<string>();
  const known = new Map<string, string>();
  const accounts = [
    ...recordsIn(bundles)
      .filter(isSigned)
      .flatMap((told) => [...chainAccounts(told), ...subjectAccounts(told)]),
    ...bundles.flatMap(treeAccounts),
  ];
  for (const { place, says, conflict } of accounts) {
    if ((known.get(place) ?? says) !== says) found.add(conflict);
    known.set(place, says);
  }
  return [...found];
};
