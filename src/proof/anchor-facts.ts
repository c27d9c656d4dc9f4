import type { EpochMs } from '../kernel/units.js';
import { type Checkpoint, parseCheckpoint, parseNote } from './checkpoint.js';
import type { ProofAnchorEntity } from './proof.entity.js';

/** The checkpoint an anchor was stored with. */
export const checkpointOf = ({ id, checkpoint }: ProofAnchorEntity): Checkpoint => {
  const note = parseNote(checkpoint);
  const parsed = note && parseCheckpoint(note.text);
  if (!parsed) throw new Error(`the checkpoint of anchor ${id} is damaged`);
  return parsed;
};

/** Where an anchor is on chain, if it is. */
export const landingOf = (anchor: ProofAnchorEntity | null): { signature: string; slot: number; atMs: EpochMs } | undefined => {
  if (!anchor || (anchor.state !== 'confirmed' && anchor.state !== 'finalized')) return undefined;
  const { signature, slot, blockTimeMs } = anchor;
  return signature === null || slot === null || blockTimeMs === null ? undefined : { signature, slot, atMs: blockTimeMs };
};
