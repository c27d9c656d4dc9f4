import type { DurationMs } from './units.js';

/** Whether `work` was over, well or badly, within the time. It goes on either way, and how it ends is its caller's business. */
export const isOverWithin = async (work: Promise<unknown>, withinMs: DurationMs): Promise<boolean> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), withinMs)));
  const over = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([over, late]);
  } finally {
    clearTimeout(timer);
  }
};
