import { createHmac, createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BadInput } from '../kernel/errors.js';
import { writeDurably } from '../platform/durable-file.js';
import type { SiteId } from '../fleet/plant.js';
import { isKeyName } from './checkpoint.js';
import { fromHex, toHex } from './encoding.js';

/** An Ed25519 key that signs. The secret half never leaves it. */
export interface SigningKey {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** What signs anchors: a key of the plant's own, or one that somebody else keeps. */
export interface AnchorSigner {
  readonly publicKey: Uint8Array;
  /** Throws `AdapterError` where the signer is away or refuses. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key of a 32-byte seed, as RFC 8032 makes it. Signs with node:crypto, ten times as fast as in JavaScript. */
export const signingKeyOf = (seed: Uint8Array): SigningKey => {
  const secret: KeyObject = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = new Uint8Array(createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32));
  return { publicKey, sign: (message) => new Uint8Array(sign(null, message, secret)) };
};

/** A key that signs records, and the pseudonym it signs them under. */
export interface Signer {
  readonly key: SigningKey;
  readonly pseudonym: string;
}

const FILE_NAME = 'proof-keys.json';
const SECRETS = ['log', 'anchor', 'sites', 'pseudonyms'] as const;
type Secrets = Readonly<Record<(typeof SECRETS)[number], Uint8Array>>;

/**
 * The plant's software keys: one for the log, a dedicated one for the anchors, and one for each site, derived. What they
 * assure is that this plant signed, not what a meter saw.
 */
export class SigningKeys {
  readonly log: SigningKey;
  readonly anchor: AnchorSigner;
  private readonly known = new Map<string, Signer>();

  constructor(
    private readonly secrets: Secrets,
    readonly demo: boolean,
    /** Name of the log these keys sign: it stays, also where the plant is renamed, since every proof names it. */
    readonly origin: string,
    /** How many logs were begun under these keys before this one. */
    readonly logsBefore = 0,
    anchor?: AnchorSigner,
  ) {
    this.log = signingKeyOf(secrets.log);
    this.anchor = anchor ?? signingKeyOf(secrets.anchor);
  }

  /**
   * The key that signs a site's records, and the name the site goes by in them. Both are the same after a restart, and others
   * after each time the site was erased, so that it can't be told to be the same, and in each log, so that no chain begins twice.
   */
  ofSite(siteId: SiteId, erasures = 0): Signer {
    return this.signer('heliograph-site-key/1', 'heliograph-pseudonym/1', this.inThisLog(siteId, erasures));
  }

  /** What signs records that are of no site: grid events. */
  ofPlant(): Signer {
    return this.signer('heliograph-plant-key/1', 'heliograph-plant-pseudonym/1', this.inThisLog('', 0));
  }

  private inThisLog(name: string, erasures: number): string {
    return erasures === 0 && this.logsBefore === 0 ? name : `${name}\n${erasures}\n${this.logsBefore}`;
  }

  private signer(keyDomain: string, nameDomain: string, name: string): Signer {
    const place = `${keyDomain}\n${name}`;
    let known = this.known.get(place);
    if (!known) {
      known = {
        key: signingKeyOf(derived(this.secrets.sites, keyDomain, name)),
        pseudonym: toHex(derived(this.secrets.pseudonyms, nameDomain, name).slice(0, 16)),
      };
      this.known.set(place, known);
    }
    return known;
  }
}

const derived = (secret: Uint8Array, domain: string, name: string): Uint8Array =>
  new Uint8Array(createHmac('sha256', secret).update(`${domain}\n${name}`).digest());

const freshSecrets = (): Secrets => ({
  log: randomBytes(32),
  anchor: randomBytes(32),
  sites: randomBytes(32),
  pseudonyms: randomBytes(32),
});

/** Where keys come from that are not in the folder: the text of a key file, and another signer of anchors. */
export interface KeySource {
  readonly text?: string;
  readonly anchor?: AnchorSigner;
}

/**
 * The keys of a folder, made on first use (file mode 0600) for a log of this name. Throws `BadInput` where the file is damaged, readable by others,
 * or of the other kind: a plant refuses demo keys, and a demo leaves a plant's keys alone.
 */
export const loadSigningKeys = (dir: string, demo: boolean, origin: string, { text, anchor }: KeySource = {}): SigningKeys => {
  if (text !== undefined) return keysIn('VPP_PROOF_KEYS', text, demo, origin, anchor);
  const file = join(dir, FILE_NAME);
  const existing = readIfThere(file);
  if (existing === undefined) {
    const secrets = freshSecrets();
    writeKeyFile(file, { demo, origin }, secrets);
    return new SigningKeys(secrets, demo, origin, 0, anchor);
  }
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    throw new BadInput(`${file}: other users may read it; run chmod 600 on it`);
  return keysIn(file, existing, demo, origin, anchor);
};

const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new BadInput(`${file}: the keys can not be read: ${(error as Error).message}`);
  }
};

const keysIn = (file: string, text: string, demo: boolean, origin: string, anchor?: AnchorSigner): SigningKeys => {
  const damaged = new BadInput(`${file}: damaged; put back a copy, or move it away to start a new log under new keys`);
  let content: Record<string, unknown>;
  try {
    content = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw damaged;
  }
  const seed = (name: string): Uint8Array => {
    const value = content[name];
    const bytes = typeof value === 'string' ? fromHex(value, 32) : undefined;
    if (!bytes) throw damaged;
    return bytes;
  };
  const secrets = { log: seed('log'), anchor: seed('anchor'), sites: seed('sites'), pseudonyms: seed('pseudonyms') };
  if (content['demo'] !== demo)
    throw new BadInput(
      demo
        ? `${file}: these are a plant's keys, which a demo does not use; give the demo a folder of its own (VPP_DATA_DIR)`
        : `${file}: these are demo keys, which prove nothing; give the plant a folder of its own (VPP_DATA_DIR)`,
    );
  const { origin: named = origin, logsBefore = 0 } = content;
  if (typeof named !== 'string' || !isKeyName(named) || !Number.isSafeInteger(logsBefore)) throw damaged;
  return new SigningKeys(secrets, demo, named, Number(logsBefore), anchor);
};

/**
 * Begins a new log under the keys of a folder: another name, and other keys and pseudonyms for sites. What the old one holds stays
 * provable. Throws `BadInput` where the folder has no keys. Answers the names.
 */
export const beginNewLog = (dir: string): { readonly before: string; readonly origin: string } => {
  const file = join(dir, FILE_NAME);
  const text = readIfThere(file);
  if (text === undefined) throw new BadInput(`${file}: there are no keys, so there is no log yet`);
  const demo = /"demo": true/.test(text);
  const { origin: before, logsBefore } = keysIn(file, text, demo, 'heliograph.invalid/plant');
  const content = JSON.parse(text) as Record<string, unknown>;
  const origin = `${before.replace(/#\d+$/, '')}#${logsBefore + 2}`;
  if (!isKeyName(origin)) throw new BadInput(`${file}: the log's name "${before}" is too long for another one`);
  writeDurably(file, `${JSON.stringify({ ...content, origin, logsBefore: logsBefore + 1 }, null, 2)}\n`);
  return { before, origin };
};

const writeKeyFile = (file: string, facts: { demo: boolean; origin: string }, secrets: Secrets): void => {
  const hex = Object.fromEntries(SECRETS.map((name) => [name, toHex(secrets[name])]));
  writeDurably(file, `${JSON.stringify({ ...facts, ...hex }, null, 2)}\n`);
};
