import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  SetMetadata,
  UnauthorizedException,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { AuthService, type Caller } from './auth.service.js';
import type { UserRole } from './user.entity.js';

export const SESSION_COOKIE = 'vpp_session';

const ROLE = 'heliograph:role';
const OPEN = 'heliograph:open';

/** Lets only this role in. Every route without `@Open()` needs a login; one without `@For()` takes any. */
export const For = (role: UserRole): ReturnType<typeof SetMetadata> => SetMetadata(ROLE, role);
/** Needs no login. */
export const Open = (): ReturnType<typeof SetMetadata> => SetMetadata(OPEN, true);

interface CallerRequest extends Request {
  caller?: Caller;
}

/** The session's token: a bearer token for programs, a cookie for the pages. */
export const tokenOf = (request: Request): string | undefined => {
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  const cookies = request.cookies as Record<string, string | undefined> | undefined;
  return bearer ?? cookies?.[SESSION_COOKIE];
};

export const CallerParam = createParamDecorator(
  (_: unknown, context: ExecutionContext): Caller | undefined => context.switchToHttp().getRequest<CallerRequest>().caller,
);

@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly auth: AuthService,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(OPEN, route)) return true;
    const request = context.switchToHttp().getRequest<CallerRequest>();
    const token = tokenOf(request);
    const caller = token === undefined ? undefined : await this.auth.callerOf(token);
    if (!caller) throw new UnauthorizedException('Log in first: POST /api/session with name and password.');
    const role = this.reflector.getAllAndOverride<UserRole>(ROLE, route);
    if (role && role !== caller.role)
      throw new ForbiddenException(`This is for ${role}s; you are logged in as ${caller.role} ${caller.name}.`);
    request.caller = caller;
    return true;
  }
}
