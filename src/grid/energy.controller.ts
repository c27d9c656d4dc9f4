import { Controller, Get, Header, Query, Req, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { For } from '../platform/auth.guard.js';
import { askedFormat, streamedRows } from './answer-formats.js';
import { type EnergyAnswer, type EnergyQuery, energyQuerySchema } from './energy-query.js';
import { EnergyService } from './energy.service.js';
import { ENERGY_RESPONSE } from './query-responses.js';

/** What sites and devices moved, out of the closed intervals that proofs and statements rest on. */
@For('operator')
@ApiTags('readings')
@Controller('api/energy')
export class EnergyController {
  constructor(private readonly energies: EnergyService) {}

  @Get()
  @Header('vary', 'accept')
  @ApiOkResponse(ENERGY_RESPONSE)
  async energy(@Query({ schema: energyQuerySchema }) query: EnergyQuery, @Req() request: Request): Promise<EnergyAnswer | StreamableFile> {
    const format = askedFormat(request);
    const asked = this.energies.asked(query);
    return format === 'json' ? this.energies.answer(asked, query.per) : streamedRows(format, this.energies.rows(asked, format));
  }
}
