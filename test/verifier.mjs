/**
 * A second verifier of proof bundles, written from docs/proof.md alone: plain JavaScript, nothing but node:crypto. The numbers
 * are that page's sections. `node test/verifier.mjs FILE` prints each check and exits 0 where all hold.
 */
import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const node = (left, right) => sha256(Buffer.of(1), left, right);
const EMPTY_ROOT = sha256();
const COMPUTE_BUDGET = '0306466fe5211732ffecadba72c39be7bc8ce5bbc5f7126b2c439b3a40000000';
const MEMO = '054a535a992921064d24e87160da387c7c35b5ddbc92bb81e41fa8404105448d';

const demand = (condition, what) => {
  if (!condition) throw new Error(what);
};

const hex = (text, length) => {
  demand(typeof text === 'string' && /^([0-9a-f]{2})*$/.test(text) && text.length === 2 * length, `${length} bytes of hex expected`);
  return Buffer.from(text, 'hex');
};

const base64 = (text) => {
  const bytes = Buffer.from(text, 'base64');
  demand(bytes.toString('base64') === text, 'base64 expected');
  return bytes;
};

const signed = (publicKey, message, signature) => {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') }, format: 'jwk' });
  demand(signature.length === 64 && verify(null, message, key, signature), 'the signature does not hold');
};

const isCount = (value) => Number.isSafeInteger(value) && value >= 0;

/** 1 */
const readBundle = (text) => {
  const bundle = JSON.parse(text);
  const { digest, ...members } = bundle;
  const names = [
    'format',
    'record',
    'signature',
    'salt',
    'commitment',
    'leafIndex',
    'inclusion',
    'checkpoint',
    'earlier',
    'anchor',
    'keys',
    'hints',
  ];
  demand(
    JSON.stringify(Object.keys(members)) === JSON.stringify(names.filter((name) => name !== 'earlier' || bundle.earlier)),
    'other members',
  );
  const parts = [
    [bundle.earlier ?? { checkpoint: 0, consistency: 0 }, 'checkpoint,consistency'],
    [bundle.anchor, 'transaction'],
    [bundle.keys, 'log,anchor'],
    [bundle.hints, 'ledger,slot,timeMs,assurance'],
  ];
  for (const [part, keys] of parts) demand(Object.keys(part).join() === keys, `members other than ${keys}`);
  demand(bundle.format === 'heliograph-proof/1' && Buffer.byteLength(text) <= 65_536, 'another format');
  const { ledger, slot, timeMs, assurance } = bundle.hints;
  demand(/^[!-~]{1,96}$/.test(ledger) && ['software', 'demo'].includes(assurance), 'hints of another form');
  demand(isCount(slot) && isCount(timeMs), 'hints of another form');
  demand(text === `${JSON.stringify(bundle, null, 2)}\n`, 'another layout');
  demand(digest === sha256(Buffer.from(text.slice(0, text.lastIndexOf('  "digest": ')))).toString('hex'), 'another digest');
  return bundle;
};

/** 2: how the values of lines are spelt */
const HEX32 = '[0-9a-f]{64}';
const TOKEN = '[!-~]{1,96}';
const COUNT = String.raw`(?:0|[1-9]\d{0,14})`;
const WHOLE = String.raw`(?:0|-?[1-9]\d{0,14})`;
const ENERGY = String.raw`(?:0|[1-9]\d{0,11})\.\d{3}`;
const SIGNED = String.raw`(?!-0\.000)-?${ENERGY}`;
const listOf = (item) => `(?:-|${item}(?:,${item})*)`;
const POSITION = `sequence ${COUNT}\nprevious ${HEX32}\n`;
const PERIOD = `start ${COUNT}\nend ${COUNT}\n`;
const FLOW = '(?:grid|pv|battery|generator)';
const METERED =
  `${PERIOD}quality (?:measured|estimated|missing)\nunit Wh\n` +
  `(?:to-bus ${ENERGY}\n)?(?:from-bus ${ENERGY}\n)?(?:to-bus-counter ${ENERGY}\n)?(?:from-bus-counter ${ENERGY}\n)?`;
const FORMS = {
  'interval-reading': `device ${TOKEN}\nchannel ${FLOW}\n${POSITION}${METERED}`,
  correction: `device ${TOKEN}\nchannel ${FLOW}\n${POSITION}supersedes ${HEX32}\nreason ${TOKEN}\n${METERED}`,
  decision:
    `device ${TOKEN}\nchannel decision\n${POSITION}${PERIOD}control (?:battery-power|pv-limit|generator)\nowner ${TOKEN}\n` +
    `told ${COUNT}\nconfirmed ${COUNT}\nat ${COUNT}\nunit W\npower ${WHOLE}\nlowest ${WHOLE}\nhighest ${WHOLE}\n` +
    `readback (?:confirmed|clamped|yielded|refused|unknown|deferred)\n(?:readback-power ${WHOLE}\n)?`,
  'grid-event':
    `channel event\n${POSITION}event ${TOKEN}\nstate (?:announced|amended|cut-short|cancelled)\nat ${COUNT}\n${PERIOD}` +
    `direction (?:up|down)\nunit W\npower ${WHOLE}\nprice-micro-per-kwh ${WHOLE}\n`,
  baseline: `channel baseline\n${POSITION}event ${TOKEN}\n${PERIOD}fixed ${COUNT}\ndays ${COUNT}\nunit Wh\nslots ${listOf(`${COUNT}:${SIGNED}`)}\n`,
  statement:
    `channel statement\n${POSITION}date \\d{4}-\\d{2}-\\d{2}\n${PERIOD}issued ${COUNT}\ncurrency [A-Z]{3}\ntotal-micro ${WHOLE}\n` +
    `lines ${listOf(`(?:feed-in|event|adjustment):${SIGNED}:${WHOLE}:${WHOLE}(?::[A-Za-z0-9-]{1,32})?`)}\n`,
};

const itemsOf = (list) => (list === '-' ? [] : list.split(',').map((item) => item.split(':')));

/** 2: what a form alone can't say */
const LAWS = {
  'interval-reading': (line) => (line.quality === 'missing') === (line['to-bus'] === undefined && line['from-bus'] === undefined),
  correction: (line) => LAWS['interval-reading'](line),
  decision: (line) => {
    const [told, confirmed, at, start, end] = ['told', 'confirmed', 'at', 'start', 'end'].map((name) => Number(line[name]));
    const [lowest, power, highest] = ['lowest', 'power', 'highest'].map((name) => Number(line[name]));
    return told > 0 && confirmed <= told && start <= at && at < end && lowest <= power && power <= highest;
  },
  'grid-event': () => true,
  baseline: (line) => {
    const starts = itemsOf(line.slots).map(([start]) => Number(start));
    const rising = starts.every((start, at) => start < Number(line.end) && start >= (at === 0 ? Number(line.start) : starts[at - 1] + 1));
    return rising && Number(line.fixed) <= Number(line.start);
  },
  statement: (line) => itemsOf(line.lines).reduce((sum, [, , , amount]) => sum + Number(amount), 0) === Number(line['total-micro']),
};

/** 2 */
const checkSignature = ({ record, signature }) => {
  const type = Object.keys(FORMS).find((known) => record.startsWith(`heliograph-record/1 ${known}\n`));
  demand(type, 'the record is of no type known here');
  const form = new RegExp(`^heliograph-record/1 ${type}\nsigner ${HEX32}\nsite [0-9a-f]{32}\n${FORMS[type]}$`);
  demand(form.test(record), 'the record has another form');
  const lines = record.split('\n').slice(1, -1);
  const line = Object.fromEntries(lines.map((each) => [each.slice(0, each.indexOf(' ')), each.slice(each.indexOf(' ') + 1)]));
  demand(Number(line.start) < Number(line.end), 'the record ends before it begins');
  demand((line.sequence === '0') === (line.previous === '0'.repeat(64)), 'the record has no place in its chain');
  demand(LAWS[type](line), 'the record contradicts itself');
  signed(hex(line.signer, 32), Buffer.from(record), hex(signature, 64));
};

/** 3 */
const checkCommitment = ({ record, signature, salt, commitment }) => {
  const mac = createHmac('sha256', hex(salt, 32)).update(`heliograph-commitment/1\n${record}`).update(hex(signature, 64)).digest();
  demand(mac.equals(hex(commitment, 32)), 'the commitment is to something else');
};

/** 4: RFC 9162, 2.1.3.2 */
const checkInclusion = ({ commitment, leafIndex, inclusion }, { size, root }) => {
  demand(isCount(leafIndex) && leafIndex < size, 'no such leaf');
  let [fn, sn, r] = [BigInt(leafIndex), BigInt(size - 1), sha256(Buffer.of(0), hex(commitment, 32))];
  for (const p of inclusion.map((hash) => hex(hash, 32))) {
    demand(sn !== 0n, 'the path is too long');
    if (fn % 2n === 1n || fn === sn) {
      r = node(p, r);
      while (fn % 2n === 0n && fn !== 0n) [fn, sn] = [fn / 2n, sn / 2n];
    } else r = node(r, p);
    [fn, sn] = [fn / 2n, sn / 2n];
  }
  demand(sn === 0n && r.equals(root), 'the leaf is not in the tree');
};

/** 4: RFC 9162, 2.1.4.2, for 0 < old < new */
const checkPath = (old, { size, root }, path) => {
  demand(old.size > 0 && old.size < size, 'the sizes are out of order');
  const powerOfTwo = (BigInt(old.size) & (BigInt(old.size) - 1n)) === 0n;
  const first = powerOfTwo ? [old.root] : [];
  const [seed, ...rest] = [...first, ...path.map((hash) => hex(hash, 32))];
  demand(seed, 'the path is empty');
  let [fn, sn, fr, sr] = [BigInt(old.size - 1), BigInt(size - 1), seed, seed];
  while (fn % 2n === 1n) [fn, sn] = [fn / 2n, sn / 2n];
  for (const c of rest) {
    demand(sn !== 0n, 'the path is too long');
    if (fn % 2n === 1n || fn === sn) {
      [fr, sr] = [node(c, fr), node(c, sr)];
      while (fn % 2n === 0n && fn !== 0n) [fn, sn] = [fn / 2n, sn / 2n];
    } else sr = node(sr, c);
    [fn, sn] = [fn / 2n, sn / 2n];
  }
  demand(sn === 0n && fr.equals(old.root) && sr.equals(root), 'the log was changed');
};

const checkConsistency = ({ earlier, keys }, tree, memo) => {
  if (!earlier) return demand(memo.previousRoot.equals(EMPTY_ROOT), 'there is an anchor before');
  const old = readCheckpoint(earlier.checkpoint, hex(keys.log, 32));
  demand(old.origin === tree.origin && old.root.equals(memo.previousRoot), 'another anchor comes before');
  return checkPath(old, tree, earlier.consistency);
};

/** 5 */
const readCheckpoint = (note, publicKey) => {
  const found = /^(([!-*,-{}~]{1,64})\n(0|[1-9]\d{0,15})\n([^\n]+)\n)\n— (\S+) (\S+)\n$/.exec(note);
  demand(found && isCount(Number(found[3])), 'no checkpoint');
  const [, text, origin, size, root, name, line] = found;
  const bytes = base64(line);
  demand(
    name === origin && bytes.subarray(0, 4).equals(sha256(Buffer.from(`${origin}\n`), Buffer.of(1), publicKey).subarray(0, 4)),
    'another key',
  );
  signed(publicKey, Buffer.from(text), bytes.subarray(4));
  demand(base64(root).length === 32, 'no root');
  return { origin, size: Number(size), root: base64(root) };
};

/** 6 */
const readTransaction = (bytes) => {
  let at = 0;
  const take = (count) => {
    demand(at + count <= bytes.length, 'the transaction is cut short');
    at += count;
    return bytes.subarray(at - count, at);
  };
  const count = () => {
    let value = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const [byte] = take(1);
      value += (byte & 127) << shift;
      demand(byte > 0 || shift === 0, 'a count has another form');
      if (byte < 128) return value;
    }
    throw new Error('a count has another form');
  };
  const list = (read) => Array.from({ length: count() }, read);
  const signatures = list(() => take(64));
  const message = bytes.subarray(at);
  const [signers] = take(3);
  const accounts = list(() => take(32));
  take(32);
  const instructions = list(() => ({ program: accounts[take(1)[0]].toString('hex'), places: take(count()), data: take(count()) }));
  demand(
    instructions.every(({ places }) => places.every((place) => place < accounts.length)),
    'an account that is not there',
  );
  demand(at === bytes.length && signers === 1 && signatures.length === 1, 'not a transaction of one signer');
  const others = instructions.filter(({ program }) => program !== COMPUTE_BUDGET);
  demand(others.length === 1 && others[0].program === MEMO, 'not one memo');
  const text = others[0].data.toString('latin1');
  const [version, origin, size, root, previousRoot, policy, ...more] = text.split('|');
  demand(version === 'vpp1' && policy === 'interval-1' && more.length === 0 && text.length <= 249, 'not our memo');
  demand(/^(0|[1-9]\d{0,15})$/.test(size) && base64(previousRoot).length === 32, 'not our memo');
  return {
    signature: signatures[0],
    message,
    payer: accounts[0],
    memo: { origin, size: Number(size), root: base64(root), previousRoot: base64(previousRoot) },
  };
};

const checkAnchor = ({ keys }, tree, { signature, message, payer, memo }) => {
  demand(payer.equals(hex(keys.anchor, 32)), 'another key signed');
  signed(payer, message, signature);
  demand(memo.origin === tree.origin && memo.size === tree.size && memo.root.equals(tree.root), 'another tree was anchored');
};

/** The checks by name, each `ok` or what is wrong. */
export const verifyBundle = (text) => {
  const results = {};
  const check = (name, run) => {
    try {
      const value = run();
      results[name] = 'ok';
      return value;
    } catch (error) {
      results[name] = error.message;
      return undefined;
    }
  };
  const bundle = check('format', () => readBundle(text));
  if (!bundle) return results;
  check('signature', () => checkSignature(bundle));
  check('commitment', () => checkCommitment(bundle));
  const tree = check('checkpoint', () => readCheckpoint(bundle.checkpoint, hex(bundle.keys.log, 32)));
  check('inclusion', () => checkInclusion(bundle, tree));
  const transaction = check('anchor', () => {
    const read = readTransaction(base64(bundle.anchor.transaction));
    checkAnchor(bundle, tree, read);
    return read;
  });
  check('consistency', () => checkConsistency(bundle, tree, transaction.memo));
  return results;
};

if (argv[1] && import.meta.url === pathToFileURL(argv[1]).href) {
  const results = verifyBundle(readFileSync(argv[2], 'utf8'));
  process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  process.exitCode = Object.values(results).every((result) => result === 'ok') ? 0 : 1;
}
