import type { PinnedKeys, Verification } from '../../proof/verifier.js';
import { get, getText } from '../api/client.js';
import type { ProofKeys, ProofRow } from '../api/household-types.js';
import { isSameReading } from './home-figures.js';

export interface CheckedProof {
  readonly bundleText: string;
  readonly verification: Verification;
  /** Whether it proves the reading that was asked about. */
  readonly same: boolean;
}

const pinned = ({ logKey, anchorKey }: ProofKeys): PinnedKeys => ({ logKey, anchorKey });

/**
 * Fetches a bundle and checks it here, in the browser: the plant hands out the file and its keys, and has no say in the
 * verdict. The verifier is the one the command line runs, and comes only when it is asked for.
 */
export const checkProof = async (row: ProofRow): Promise<CheckedProof> => {
  const [bundleText, keys, { verifyBundle }] = await Promise.all([
    getText(`/me/proofs/${row.leafIndex}`),
    get<ProofKeys>('/proof/keys'),
    import('../../proof/verifier.js'),
  ]);
  const verification = verifyBundle(bundleText, pinned(keys));
  const { record } = verification;
  return { bundleText, verification, same: record !== undefined && 'quality' in record && isSameReading(record, row) };
};
