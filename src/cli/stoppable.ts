const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs until it is done or somebody stops it: Ctrl-C, a termination, a session that is lost, or nobody who reads what is said any
 * more. `act` is told by its signal, and hands back what it holds before it ends. A second Ctrl-C ends at once, and nothing else
 * does: a session that is lost sends several signals.
 */
export const stoppable = async <T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const stop = new AbortController();
  const stopped = (by?: unknown): void => {
    if (stop.signal.aborted && by === 'SIGINT') process.exit(1);
    if (stop.signal.aborted) return;
    stop.abort();
    console.error('stopping: the device is handed back …');
  };
  for (const signal of SIGNALS) process.on(signal, stopped);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', stopped);
  try {
    return await act(stop.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stopped);
    for (const stream of [process.stdout, process.stderr]) stream.off('error', stopped);
  }
};
