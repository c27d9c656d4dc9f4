import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, HttpStatus } from '@nestjs/common';
import type { Response } from 'express';
import type { Logger } from 'pino';
import { AdapterError, BadInput } from '../kernel/errors.js';

interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly faults?: readonly string[];
}

/** Every failure of the API as a problem document (RFC 9457). What nobody foresaw says only that it happened, and is logged. */
export const problemOf = (error: unknown): Problem => {
  if (error instanceof BadInput) return problem(HttpStatus.BAD_REQUEST, 'Bad input', error.faults[0], error.faults);
  if (error instanceof AdapterError) return problem(HttpStatus.SERVICE_UNAVAILABLE, 'A part of the plant does not answer', error.message);
  if (error instanceof HttpException) {
    const answer = error.getResponse();
    const said = typeof answer === 'string' ? answer : (answer as { message?: string | string[] }).message;
    const detail = Array.isArray(said) ? said[0] : (said ?? error.message);
    return problem(error.getStatus(), titleOf(error.getStatus()), detail, Array.isArray(said) ? said : undefined);
  }
  const status = (error as { status?: unknown } | null)?.status;
  if (typeof status === 'number' && status >= 400 && status < 500) return problem(status, titleOf(status), (error as Error).message);
  return problem(HttpStatus.INTERNAL_SERVER_ERROR, 'Internal error');
};

const problem = (status: number, title: string, detail?: string, faults?: readonly string[]): Problem => ({
  type: 'about:blank',
  title,
  status,
  ...(detail === undefined ? {} : { detail }),
  ...(faults === undefined ? {} : { faults }),
});

const titleOf = (status: number): string => {
  const name = HttpStatus[status];
  return name ? (name[0]! + name.slice(1).toLowerCase()).replaceAll('_', ' ') : 'Error';
};

@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const answer = problemOf(error);
    if (answer.status >= 500) this.log.error({ err: error }, 'request failed');
    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent) {
      response.end();
      return;
    }
    response.status(answer.status).type('application/problem+json').send(JSON.stringify(answer));
  }
}
