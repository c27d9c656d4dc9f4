import type { LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';

/** The one log of the process, as JSON lines on standard error, so that standard output stays the command's own. */
export const createLog = (level: string): Logger => pino({ level, base: undefined }, pino.destination({ dest: 2, sync: false }));

/** Nest's own messages into the same log. Its boot chatter is detail, so it goes in at `debug`. */
export const nestLogger = (log: Logger): LoggerService => ({
  log: (message: unknown, context?: unknown) => log.debug({ context }, String(message)),
  error: (message: unknown, ...rest: unknown[]) => log.error({ rest }, String(message)),
  warn: (message: unknown, context?: unknown) => log.warn({ context }, String(message)),
});
