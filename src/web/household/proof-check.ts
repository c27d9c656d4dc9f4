import type { PinnedKeys, Verification } from '../../proof/verifier.js';
import { get, getText } from '../api/client.js';
import type { ProofRow } from '../api/types.js';
import { isSameReading } from './home-figures.js';

/** GET /api/proof/keys: the public keys the plant stands by. */
interface PlantKeys {
  logKey: string;
  anchorKey: string;
  recordKey?: string;
}

export interface CheckedProof {
  readonly bundleText: string;
  readonly verification: Verification;
  /** Whether it proves the reading that was asked about. */
  readonly same: boolean;
}

const pinned = ({ logKey, anchorKey, recordKey }: PlantKeys): PinnedKeys => ({ logKey, anchorKey, signer: recordKey });

/**
 * Fetches a bundle and checks it here, in the browser: the plant hands out the file and its keys, and has no say in the
 * verdict. The verifier is the one the command line runs, and comes only when it is asked for.
 */
export const checkProof = async (row: ProofRow): Promise<CheckedProof> => {
  const [bundleText, keys, { verifyBundle }] = await Promise.all([
    getText(`/me/proofs/${row.leafIndex}`),
    get<PlantKeys>('/proof/keys'),
    import('../../proof/verifier.js'),
  ]);
  const verification = verifyBundle(bundleText, pinned(keys));
  return { bundleText, verification, same: verification.record !== undefined && isSameReading(verification.record, row) };
};
