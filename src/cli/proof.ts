import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { AdapterError, BadInput, messageOf } from '../kernel/errors.js';
import { SolanaLedger } from '../proof/adapters/solana-ledger.js';
import { type Bundle, parseBundle } from '../proof/bundle.js';
import { fromBase64 } from '../proof/encoding.js';
import type { IntervalReading } from '../proof/record.js';
import { parseTransaction, publicKeyOf, signatureText } from '../proof/transaction.js';
import { type ChainEvidence, countedTwice, type PinnedKeys, type Verification, verifyBundle } from '../proof/verifier.js';

interface VerifyOptions {
  rpc?: string;
  key?: string;
  logKey?: string;
  signer?: string;
  origin?: string;
  json?: boolean;
}

const MAX_FILE_BYTES = 65_536;
const ANCHORS_SEARCHED = 200;

const EXAMPLE = `
Example:
  vpp proof verify bundle.json
  vpp proof verify bundle.json --rpc https://api.mainnet-beta.solana.com --key 7Xb…

Exit code: 0 every check passed, 1 one of them failed, 2 the file or an option can't be used.`;

/** `vpp proof …` */
export const proofCommand = (): Command => {
  const command = new Command('proof').description('check what was recorded');
  command
    .command('verify')
    .description('check proof bundles offline, and on chain with --rpc')
    .argument('<files...>', 'bundles, as downloaded from the household page or the API')
    .option('--rpc <url>', 'a Solana node to ask whether the anchor is on the chain')
    .option('--key <key>', 'the anchor key you expect, base58 or hexadecimal')
    .option('--log-key <key>', 'the key of the log you expect')
    .option('--signer <key>', 'the key of the site you expect')
    .option('--origin <name>', 'the name of the log you expect')
    .option('--json', 'answer in JSON')
    .addHelpText('after', EXAMPLE)
    .action(async (files: string[], options: VerifyOptions) => {
      process.exitCode = await verifyFiles(files, options);
    });
  return command;
};

const verifyFiles = async (files: readonly string[], options: VerifyOptions): Promise<number> => {
  const pinned = pinnedOf(options);
  const results: { file: string; verification: Verification; bundle?: Bundle }[] = [];
  for (const file of files) {
    const bytes = await bundleFile(file);
    const parsed = parseBundle(bytes);
    const bundle = parsed.kind === 'bundle' ? parsed.bundle : undefined;
    const chain = options.rpc !== undefined && bundle ? await askChain(options.rpc, bundle, pinned) : undefined;
    results.push({ file, verification: verifyBundle(bytes, pinned, chain), bundle });
  }
  const twice = countedTwice(results.flatMap(({ bundle }) => bundle ?? []));
  const ok = twice.length === 0 && results.every(({ verification }) => verification.ok);
  if (options.json) {
    console.log(JSON.stringify({ ok, countedTwice: twice, results: results.map(({ file, verification }) => ({ file, ...verification })) }));
  } else {
    for (const { file, verification } of results) printVerification(file, verification);
    for (const [one, other] of twice) console.log(`FAILED   entries ${one} and ${other} record the same interval of the same device twice`);
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
    bytes = new Uint8Array(await readFile(file));
  } catch (error) {
    throw new BadInput(`${file}: can not be read (${messageOf(error)}); give the path of a downloaded bundle`);
  }
  if (bytes.length > MAX_FILE_BYTES) throw new BadInput(`${file}: too large for a proof bundle; give the path of a downloaded bundle`);
  const text = Buffer.from(bytes).toString('latin1');
  if (!['"heliograph-proof/', '"checkpoint":', '"digest":'].some((mark) => text.includes(mark)))
    throw new BadInput(`${file}: not a proof bundle; download one from the household page`);
  return bytes;
};

const askChain = async (url: string, bundle: Bundle, pinned: PinnedKeys): Promise<ChainEvidence> => {
  const transaction = parseTransaction(fromBase64(bundle.anchor.transaction) ?? new Uint8Array(0));
  const anchorKey = publicKeyOf(pinned.anchorKey ?? bundle.keys.anchor);
  if (!transaction || !anchorKey) return { memos: [], searched: 0 };
  const ledger = new SolanaLedger({ url });
  try {
    const signature = signatureText(transaction);
    const landed = await ledger.transaction(signature);
    const status = landed && (await ledger.find(signature));
    const others = await ledger.memoTransactions(anchorKey, ANCHORS_SEARCHED);
    return {
      anchor: landed && { transaction: landed.bytes, slot: landed.slot, timeMs: landed.timeMs, finalized: status?.level === 'finalized' },
      memos: others.map(({ memo }) => memo),
      searched: ANCHORS_SEARCHED,
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

const recordText = ({ device, channel, startMs, endMs, quality, toBusWh, fromBusWh }: IntervalReading): string => {
  const flows = [
    toBusWh === undefined ? [] : `${toBusWh} Wh into the site`,
    fromBusWh === undefined ? [] : `${fromBusWh} Wh out of it`,
  ].flat();
  const energy = flows.length > 0 ? flows.join(', ') : 'no energy is known';
  return `${device}, ${channel}, ${new Date(startMs).toISOString()} to ${new Date(endMs).toISOString()}: ${energy} (${quality})`;
};
