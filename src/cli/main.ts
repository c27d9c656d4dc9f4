#!/usr/bin/env node
import { endingOf } from './exit.js';
import { vppProgram } from './program.js';

/** Nobody reads on, as behind `| head -1`. What holds devices listens for its end, and is not to end before it handed them back. */
const unread = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EPIPE') throw error;
  if (process.listenerCount('SIGTERM') === 0) process.exit();
};
for (const stream of [process.stdout, process.stderr]) stream.on('error', unread);

try {
  const program = await vppProgram(process.argv[2]);
  await program.parseAsync();
} catch (error) {
  const { lines, code } = endingOf(error);
  for (const line of lines) console.error(line);
  process.exitCode = code;
}
