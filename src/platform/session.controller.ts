import { Body, Controller, Delete, Get, HttpCode, HttpException, HttpStatus, Post, Req, Res, UnauthorizedException } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { DAY_MS } from '../kernel/units.js';
import { CallerParam, Open, SESSION_COOKIE, tokenOf } from './auth.guard.js';
import { AuthService, type Caller } from './auth.service.js';
import { USER_ROLES } from './user.entity.js';

const loginSchema = z.strictObject({ name: z.string().min(1).max(64), password: z.string().min(1).max(256) });
export const sessionSchema = z.object({ name: z.string(), role: z.enum(USER_ROLES), householdId: z.string().optional() });
const loginAnswerSchema = sessionSchema.extend({ token: z.string().describe('For programs: send it as a bearer token') });

@ApiTags('session')
@Controller('api/session')
export class SessionController {
  constructor(private readonly auth: AuthService) {}

  @Open()
  @Post()
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: loginAnswerSchema })
  async login(
    @Body({ schema: loginSchema }) body: z.infer<typeof loginSchema>,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<z.infer<typeof loginAnswerSchema>> {
    const result = await this.auth.login(body.name, body.password, request.ip);
    if (result === 'too-many')
      throw new HttpException('Too many wrong passwords for this name; try again in a minute.', HttpStatus.TOO_MANY_REQUESTS);
    if (result === 'wrong') throw new UnauthorizedException('Name and password do not fit together.');
    response.cookie(SESSION_COOKIE, result.token, { httpOnly: true, sameSite: 'strict', path: '/', maxAge: 30 * DAY_MS });
    return { ...result.caller, token: result.token };
  }

  @Get()
  @ApiOkResponse({ standardSchema: sessionSchema })
  current(@CallerParam() caller: Caller): Caller {
    return caller;
  }

  @Open()
  @Delete()
  @HttpCode(204)
  async logout(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<void> {
    const token = tokenOf(request);
    if (token !== undefined) await this.auth.logout(token);
    response.clearCookie(SESSION_COOKIE, { path: '/' });
  }
}
