import { open } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { AdapterError, BadInput, messageOf } from '../kernel/errors.js';
import { configOf } from '../platform/config.js';
import { eraseCommand } from './proof-erase.js';
import { lockFolder } from '../platform/folder-lock.js';
import { SolanaLedger } from '../proof/adapters/solana-ledger.js';
import { batteryCalledSun } from '../proof/battery-called-sun.js';
import { type Bundle, parseBundle } from '../proof/bundle.js';
import { fromBase64 } from '../proof/encoding.js';
import { contradictionsAmong, countedTwice } from '../proof/contradictions.js';
import { recordText } from '../proof/record-text.js';
import { beginNewLog } from '../proof/signing-keys.js';
import { parseTransaction, publicKeyOf, signatureText } from '../proof/transaction.js';
import { type ChainEvidence, type PinnedKeys, type Verification, verifyBundle } from '../proof/verifier.js';

interface VerifyOptions {
  rpc?: string;
  key?: string;
  logKey?: string;
  signer?: string;
  origin?: string;
  anchors: string;
  json?: boolean;
}

const MAX_FILE_BYTES = 65_536;
const ANCHORS_SEARCHED = 1_000;

const EXAMPLE = `
Example:
  vpp proof verify bundle.json
  vpp proof verify bundle.json --rpc https://api.mainnet-beta.solana.com --key 7Xb…

Exit code: 0 every check passed, 1 one of them failed, 2 the file or an option can't be used.`;

/** `vpp proof …` */
export const proofCommand = (): Command => {
  const command = new Command('proof').description('check what was recorded, and forget it');
  command
    .command('verify')
    .description('check proof bundles offline, and on chain with --rpc')
    .argument('<files...>', 'bundles, as downloaded from the household page or the API')
    .option('--rpc <url>', 'a Solana node to ask whether the anchor is on the chain')
    .option('--key <key>', 'the anchor key you expect, base58 or hexadecimal')
    .option('--log-key <key>', 'the key of the log you expect')
    .option('--signer <key>', 'the key of the site you expect')
    .option('--origin <name>', 'the name of the log you expect')
    .option('--anchors <count>', "how many of the key's transactions to search for a forked anchor", String(ANCHORS_SEARCHED))
    .option('--json', 'answer in JSON')
    .addHelpText('after', EXAMPLE)
    .action(async (files: string[], options: VerifyOptions) => {
      process.exitCode = await verifyFiles(files, options);
    });
  command
    .command('new-log')
    .description('begin a new log, where the chain holds anchors of an old one that this plant no longer has')
    .option('--data <folder>', 'the data folder of a plant that does not run (default: VPP_DATA_DIR)')
    .option('--json', 'answer in JSON')
    .addHelpText('after', NEW_LOG_HELP)
    .action((options: { data?: string; json?: boolean }) => newLog(options));
  return command.addCommand(eraseCommand());
};

const NEW_LOG_HELP = `
A plant that was restored from a backup refuses to anchor where its chain holds anchors it does not know: two versions of one
log would contradict each other. With a new log, under another name, it goes on; what the old one proves stays provable.

Example:
  vpp proof new-log --data data`;

const newLog = ({ data, json }: { data?: string; json?: boolean }): void => {
  const folder = data ?? configOf(process.env).dataDir;
  if (!existsSync(folder)) throw new BadInput(`${folder}: there is no such folder; give the plant's with --data`);
  const lock = lockFolder(folder);
  try {
    const { before, origin } = beginNewLog(join(folder, 'keys'));
    console.log(json ? JSON.stringify({ before, origin }) : `The next anchor begins the log ${origin}; ${before} ends where it is.`);
  } finally {
    lock.release();
  }
};

const verifyFiles = async (files: readonly string[], options: VerifyOptions): Promise<number> => {
  const pinned = pinnedOf(options);
  const searched = Number(options.anchors);
  if (!Number.isSafeInteger(searched) || searched < 1) throw new BadInput(`--anchors ${options.anchors}: give a whole number above 0`);
  const results: { file: string; verification: Verification; bundle?: Bundle }[] = [];
  for (const file of files) {
    const bytes = await bundleFile(file);
    const parsed = parseBundle(bytes);
    const bundle = parsed.kind === 'bundle' ? parsed.bundle : undefined;
    const chain = options.rpc !== undefined && bundle ? await askChain(options.rpc, bundle, pinned, searched) : undefined;
    results.push({ file, verification: verifyBundle(bytes, pinned, chain), bundle });
  }
  const bundles = results.flatMap(({ bundle }) => bundle ?? []);
  const twice = countedTwice(bundles);
  const calledSun = batteryCalledSun(bundles);
  const contradictions = contradictionsAmong(bundles);
  const ok = [twice, calledSun, contradictions].every(({ length }) => length === 0) && results.every(({ verification }) => verification.ok);
  if (options.json) {
    console.log(
      JSON.stringify({
        ok,
        countedTwice: twice,
        batteryCalledSun: calledSun,
        contradictions,
        results: results.map(({ file, verification }) => ({ file, ...verification })),
      }),
    );
  } else {
    for (const { file, verification } of results) printVerification(file, verification);
    for (const [one, other] of twice) console.log(`FAILED   entries ${one} and ${other} record the same time of the same device twice`);
    for (const [sun, battery] of calledSun) console.log(`FAILED   entry ${sun} calls sun what entry ${battery} says a battery gave out`);
    for (const contradiction of contradictions) console.log(`FAILED   ${contradiction}`);
  }
  return ok ? 0 : 1;
};

const pinnedOf = ({ key, logKey, signer, origin, rpc }: VerifyOptions): PinnedKeys => {
  const keys = { '--key': key, '--log-key': logKey, '--signer': signer };
  for (const [option, value] of Object.entries(keys))
    if (value !== undefined && !publicKeyOf(value))
      throw new BadInput(`${option} ${value}: not a public key in base58 or 64 hexadecimal digits`);
  if (rpc !== undefined && !/^https?:\/\//.test(rpc)) throw new BadInput(`--rpc ${rpc}: give the http or https address of a Solana node`);
  return { anchorKey: key, logKey, signer, origin };
};

/** The file's bytes. A file that has nothing of a bundle is bad input; one that was a bundle and was changed fails its check. */
const bundleFile = async (file: string): Promise<Uint8Array> => {
  let bytes: Uint8Array;
  try {
    bytes = await firstBytes(file, MAX_FILE_BYTES + 1);
  } catch (error) {
    throw new BadInput(`${file}: can not be read (${messageOf(error)}); give the path of a downloaded bundle`);
  }
  if (bytes.length > MAX_FILE_BYTES) throw new BadInput(`${file}: too large for a proof bundle; give the path of a downloaded bundle`);
  const text = Buffer.from(bytes).toString('latin1');
  if (!['"heliograph-proof/', '"checkpoint":', '"digest":'].some((mark) => text.includes(mark)))
    throw new BadInput(`${file}: not a proof bundle; download one from the household page`);
  return bytes;
};

/** As much of a file as `length`: it may be a disk, or never end. */
const firstBytes = async (file: string, length: number): Promise<Uint8Array> => {
  const handle = await open(file, 'r');
  try {
    const buffer = new Uint8Array(length);
    let read = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, read, length - read);
      read += bytesRead;
      if (bytesRead === 0 || read === length) return buffer.subarray(0, read);
    }
  } finally {
    await handle.close();
  }
};

const askChain = async (url: string, bundle: Bundle, pinned: PinnedKeys, searched: number): Promise<ChainEvidence> => {
  const transaction = parseTransaction(fromBase64(bundle.anchor.transaction) ?? new Uint8Array(0));
  const anchorKey = publicKeyOf(pinned.anchorKey ?? bundle.keys.anchor);
  if (!transaction || !anchorKey) return { memos: [], searched: 0, complete: false };
  const ledger = new SolanaLedger({ url });
  try {
    const signature = signatureText(transaction);
    const landed = await ledger.transaction(signature);
    const status = landed && (await ledger.find(signature));
    const others = await ledger.memoTransactions(anchorKey, { limit: searched });
    return {
      anchor: landed && { transaction: landed.bytes, slot: landed.slot, timeMs: landed.timeMs, finalized: status?.level === 'finalized' },
      memos: others.transactions.map(({ memo }) => memo),
      searched,
      complete: others.complete,
    };
  } catch (error) {
    if (error instanceof AdapterError) throw new BadInput(`--rpc ${url}: ${error.message}; nothing was checked`);
    throw error;
  }
};

const printVerification = (file: string, { ok, steps, notChecked, record, anchorSignature }: Verification): void => {
  console.log(`${file}: ${ok ? 'every check passed' : 'FAILED'}`);
  if (record) console.log(`  ${recordText(record)}`);
  if (anchorSignature !== undefined) console.log(`  Anchor ${anchorSignature}`);
  for (const step of steps) console.log(`  ${step.ok ? 'passed' : 'FAILED'}   ${step.name.padEnd(12)} ${step.detail}`);
  console.log('  Not checked:');
  for (const line of notChecked) console.log(`    - ${line}`);
};
