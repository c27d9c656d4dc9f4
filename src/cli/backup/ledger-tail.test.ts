import { expect, it } from 'vitest';
import { ledgerUpTo } from './ledger-tail.js';

const journal = (...entries: string[]): string =>
  entries
    .map(
      (entry) =>
        `${JSON.stringify(entry.startsWith('t') ? { kind: 'transaction', signature: entry } : { kind: entry, signature: entry })}\n`,
    )
    .join('');

it('leaves out of the ledger what the database does not know of', () => {
  const whole = journal('genesis', 'airdrop', 't1', 't2', 'airdrop', 't3', 'airdrop', 't4');
  expect(ledgerUpTo(whole, new Set(['t1', 't2']))).toBe(journal('genesis', 'airdrop', 't1', 't2', 'airdrop'));
  expect(ledgerUpTo(whole, new Set(['t1', 't2', 't3', 't4', 't5']))).toBe(whole);
  expect(ledgerUpTo(whole, new Set())).toBe(journal('genesis', 'airdrop'));
});

it('keeps what an older log has left there', () => {
  expect(ledgerUpTo(journal('genesis', 't-old', 't1', 't2'), new Set(['t1']))).toBe(journal('genesis', 't-old', 't1'));
});

it('leaves a torn line out', () => {
  expect(ledgerUpTo(`${journal('genesis', 't1')}{"kind":"trans`, new Set(['t1']))).toBe(journal('genesis', 't1'));
});
