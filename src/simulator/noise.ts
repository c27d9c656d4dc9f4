/**
 * Noise that is a function of its place: the value at any index, or at any point between two, follows from the seed alone,
 * so that a moment can be asked for in any order.
 */

/** A number in [0, 1) for one index of one seed (the finaliser of MurmurHash3 over both). */
export const noiseAt = (seed: number, index: number): number => {
  let mixed = Math.imul(index ^ Math.imul(seed, 0x9e37_79b1), 0x85eb_ca6b) ^ seed;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 4_294_967_296;
};

/** Smooth noise in [0, 1): `noiseAt` on the whole numbers, eased between them. */
export const smoothNoise = (seed: number, position: number): number => {
  const index = Math.floor(position);
  const share = position - index;
  const eased = share * share * (3 - 2 * share);
  return noiseAt(seed, index) * (1 - eased) + noiseAt(seed, index + 1) * eased;
};
