// Loaded before a process begins: its wall clock is ahead by as many milliseconds as the file says, and its monotonic clock is left alone.
import { readFileSync } from 'node:fs';

const { now } = Date;
Date.now = () => now() + Number(readFileSync(process.env.WALL_CLOCK_AHEAD_MS_IN, 'utf8'));
