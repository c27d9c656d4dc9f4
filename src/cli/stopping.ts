/** Longer than this nobody waits for a process to end. */
const DEADLINE_MS = 4_500;

/**
 * Waits for Ctrl-C, a termination or the end of the terminal, then stops in order. Exits 0 when everything was handed back and closed in time, 1 when
 * it was not; a second signal ends at once.
 */
export const untilStopped = (stop: () => Promise<void>, saying = 'Handing back all devices and closing …'): Promise<void> =>
  new Promise((resolve, reject) => {
    let stopping = false;
    const signalled = (by: NodeJS.Signals): void => {
      // A session that is lost sends several signals.
      if (stopping && by === 'SIGHUP') return;
      if (stopping) process.exit(1);
      stopping = true;
      console.error(saying);
      const overdue = setTimeout(() => {
        console.error(`Not everything could be closed within ${DEADLINE_MS / 1_000} s; devices end their setpoints by their own timers.`);
        process.exit(1);
      }, DEADLINE_MS);
      stop()
        .finally(() => clearTimeout(overdue))
        .then(resolve, reject);
    };
    // A terminal that is closed is a reason to hand back as good as any.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, signalled);
  });
