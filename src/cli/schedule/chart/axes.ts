/** Where a panel of the chart lies; px. */
export const FRAME = { width: 1_200, left: 100, right: 20 } as const;

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Time to the right. */
export const timeScale = (startMs: number, endMs: number) => (atMs: number) =>
  FRAME.left + ((atMs - startMs) / Math.max(1, endMs - startMs)) * (FRAME.width - FRAME.left - FRAME.right);

/** Round values that span a range, four or five of them. */
export const ticksOf = (least: number, most: number): number[] => {
  const span = Math.max(most - least, 1e-9);
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999)!;
  const first = Math.ceil(least / step - 1e-9);
  return Array.from({ length: Math.floor(most / step + 1e-9) - first + 1 }, (_, index) => (first + index) * step);
};

const HOUR_MS = 3_600_000;

/** Moments to name on the axis of time: some eight to sixteen of them, on round hours or days. */
export const momentsOf = (startMs: number, endMs: number): number[] => {
  const everyMs = [0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 168, 720, 8_760]
    .map((hours) => hours * HOUR_MS)
    .find((every) => (endMs - startMs) / every <= 17);
  if (everyMs === undefined) return [startMs, endMs];
  const first = Math.ceil(startMs / everyMs);
  return Array.from({ length: Math.floor(endMs / everyMs) - first + 1 }, (_, index) => (first + index) * everyMs);
};

export const clock = (atMs: number): string => new Date(atMs).toISOString().slice(11, 16);
export const day = (atMs: number): string => new Date(atMs).toISOString().slice(5, 10);
export const minute = (atMs: number): string => new Date(atMs).toISOString().slice(0, 16).replace('T', ' ');

/** A number in as few digits as tell it. */
export const plain = (value: number): string => (Math.abs(value) < 1e-12 ? '0' : String(Number(value.toPrecision(4))));
