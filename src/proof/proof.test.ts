import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshDir, intervalsOf, type ProofPlant, removeDir, startProof } from './proof-plant.fixture.js';
import { verifyBundle } from './verifier.js';

describe('proof, from interval to bundle', () => {
  let dir: string;
  let plant: ProofPlant;
  beforeEach(async () => {
    dir = freshDir();
    plant = await startProof(dir);
  });
  afterEach(async () => {
    await plant.stop();
    removeDir(dir);
  });

  it('records, anchors and proves', async () => {
    expect(await plant.proof.recordInterval(intervalsOf(0))).toEqual({ added: 6, alreadyRecorded: 0 });
    expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'anchored', size: 6 });
    await plant.proof.recordInterval(intervalsOf(1));
    expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'anchored', size: 12 });
    const b = await plant.proof.bundle(8);
    if (b.kind !== 'bundle') throw new Error(b.kind);
    const v = verifyBundle(b.file);
    expect(v.ok).toBe(true);
  });
});
