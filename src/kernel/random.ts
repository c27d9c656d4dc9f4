/** A seeded stream of numbers in [0, 1): the same seed gives the same stream on every machine (mulberry32). */
export type RandomStream = () => number;

export const randomStream = (seed: number): RandomStream => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** A seed from words, so that "home-03" and "home-04" get unlike streams (FNV-1a). */
export const seedOf = (...words: readonly (string | number)[]): number => {
  let hash = 0x811c9dc5;
  for (const character of words.join('\u0000')) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return hash >>> 0;
};

/** A draw from the standard normal distribution (Box and Muller 1958). */
export const gaussian = (random: RandomStream): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
