#!/usr/bin/env node
import { endingOf } from './exit.js';
import { vppProgram } from './program.js';

try {
  const program = await vppProgram(process.argv[2]);
  await program.parseAsync();
} catch (error) {
  const { lines, code } = endingOf(error);
  for (const line of lines) console.error(line);
  process.exitCode = code;
}
