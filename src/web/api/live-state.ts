/** What the page may say about its numbers: they move, they have stopped coming, or the line is down. */
export type LiveKind = 'connecting' | 'live' | 'quiet' | 'lost';

/** The plant sends something every few seconds; three misses are no longer a hiccup. */
export const QUIET_AFTER_MS = 10_000;

export const liveKind = (line: { everHeard: boolean; open: boolean; silentMs: number }): LiveKind => {
  if (!line.open) return line.everHeard || line.silentMs > QUIET_AFTER_MS ? 'lost' : 'connecting';
  return line.silentMs > QUIET_AFTER_MS ? 'quiet' : 'live';
};

/** Wait before the nth new attempt (0 is the first): doubling from one second, half a minute at most. */
export const retryDelayMs = (attempt: number): number => Math.min(1_000 * 2 ** attempt, 30_000);

/** A row that came by the live stream, put over its older self or in front of the list. */
export const mergeById = <Row extends { id: string | number }>(rows: readonly Row[] | undefined, row: Row): Row[] => {
  const known = rows ?? [];
  return known.some(({ id }) => id === row.id) ? known.map((old) => (old.id === row.id ? row : old)) : [row, ...known];
};
