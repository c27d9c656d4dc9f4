import type { PinnedKeys, Verification } from '../../proof/verifier.js';
import { get, getText } from '../api/client.js';

/** GET /api/proof/keys: the public keys the plant stands by. */
interface PlantKeys {
  logKey: string;
  anchorKey: string;
  recordKey?: string;
}

export interface CheckedProof {
  readonly bundleText: string;
  readonly verification: Verification;
}

const pinned = ({ logKey, anchorKey, recordKey }: PlantKeys): PinnedKeys => ({ logKey, anchorKey, signer: recordKey });

/**
 * Fetches a bundle and checks it here, in the browser: the plant hands out the file and its keys, and has no say in the
 * verdict. The verifier is the one the command line runs, and comes only when it is asked for.
 */
export const checkProof = async (leafIndex: number): Promise<CheckedProof> => {
  const [bundleText, keys, { verifyBundle }] = await Promise.all([
    getText(`/me/proofs/${leafIndex}`),
    get<PlantKeys>('/proof/keys'),
    import('../../proof/verifier.js'),
  ]);
  return { bundleText, verification: verifyBundle(bundleText, pinned(keys)) };
};
