import { Body, Controller, HttpCode, NotFoundException, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { ForecastService } from '../forecast/forecast.service.js';
import { AuditService } from '../platform/audit.service.js';
import { CallerParam, For } from '../platform/auth.guard.js';
import type { Caller } from '../platform/auth.service.js';
import { valuesOfRow } from '../telemetry/import-run.js';
import { ImportService } from '../telemetry/import.service.js';
import { importBatchSchema, importBegunSchema, importEndedSchema, importOutcomeSchema, importRequestSchema } from './import-schemas.js';

/** Brings in readings that somebody else has measured, batch by batch: history, for forecasts to learn from. */
@For('operator')
@ApiTags('imports')
@Controller('api/imports')
export class ImportController {
  constructor(
    private readonly imports: ImportService,
    private readonly forecasts: ForecastService,
    private readonly audit: AuditService,
  ) {}

  @Post()
  @ApiCreatedResponse({ standardSchema: importBegunSchema })
  async begin(
    @Body({ schema: importRequestSchema }) { quantities, source, ...request }: z.infer<typeof importRequestSchema>,
    @CallerParam() caller: Caller,
  ): Promise<z.infer<typeof importBegunSchema>> {
    const id = await this.imports.begin(request, quantities);
    if (!request.dryRun) await this.audit.record(caller.name, 'begin-import', request.deviceId, `${quantities.join(', ')} from ${source}`);
    return { id };
  }

  /** The next rows, in order of time. They are stored when this is answered. */
  @Post(':id/rows')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: importOutcomeSchema })
  async take(
    @Param('id') id: string,
    @Body({ schema: importBatchSchema }) { quantities, rows }: z.infer<typeof importBatchSchema>,
  ): Promise<z.infer<typeof importOutcomeSchema>> {
    const outcome = await this.imports.take(
      id,
      rows.map(([atMs, ...values]) => ({ atMs, values: valuesOfRow(quantities, values) })),
    );
    if (!outcome) throw isOver(id);
    return { ...outcome, refused: [...outcome.refused] };
  }

  @Post(':id/end')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: importEndedSchema })
  async end(@Param('id') id: string, @CallerParam() caller: Caller): Promise<z.infer<typeof importEndedSchema>> {
    const ended = await this.imports.finish(id);
    if (!ended) throw isOver(id);
    const { deviceId, intervals, stored, dryRun } = ended;
    if (!dryRun) {
      this.forecasts.historyChanged();
      await this.audit.record(caller.name, 'end-import', deviceId, `${stored} values and ${intervals} intervals were new`);
    }
    return { intervals };
  }
}

const isOver = (id: string): NotFoundException =>
  new NotFoundException(`No import ${id} is open: it has ended, the plant has started anew, or another one for its device began after it.`);
