import { ConflictException, Controller, Get, GoneException, Header, NotFoundException, Param, ParseIntPipe, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CallerParam, For } from '../platform/auth.guard.js';
import type { Caller } from '../platform/auth.service.js';
import { ProofService } from '../proof/proof.service.js';
import { HomeService } from './home.service.js';
import { limitQuerySchema, proofRowSchema } from './schemas.js';

type ProofRow = z.infer<typeof proofRowSchema>;

/** The proofs of a household's own devices. */
@For('household')
@ApiTags('household')
@Controller('api/me/proofs')
export class HouseholdProofController {
  constructor(
    private readonly home: HomeService,
    private readonly proof: ProofService,
  ) {}

  @Get()
  @ApiOkResponse({ standardSchema: z.array(proofRowSchema) })
  async newest(
    @Query({ schema: limitQuerySchema }) { limit }: z.infer<typeof limitQuerySchema>,
    @CallerParam() caller: Caller,
  ): Promise<ProofRow[]> {
    const proofs = await this.proof.proofsOf(this.home.siteOf(caller.householdId).id, limit);
    return proofs.map(({ leafIndex, deviceId, channel, startMs, endMs, toBusWh, fromBusWh, quality, anchor }) => ({
      leafIndex,
      deviceId,
      channel,
      startMs,
      endMs,
      toBusWh,
      fromBusWh,
      quality,
      anchor,
    }));
  }

  /** The bundle to the byte, as `vpp proof verify` takes it. */
  @Get(':leafIndex')
  @ApiOkResponse({
    description: 'A proof bundle, as docs/proof.md describes it. Keep its bytes as they are: another spelling is another file.',
    content: { 'application/json': { schema: { type: 'object' } } },
  })
  @Header('content-type', 'application/json')
  @Header('content-disposition', 'attachment; filename="heliograph-proof.json"')
  async bundle(@Param('leafIndex', ParseIntPipe) leafIndex: number, @CallerParam() caller: Caller): Promise<string> {
    const site = this.home.siteOf(caller.householdId);
    const outcome = await this.proof.bundle(leafIndex);
    if (outcome.kind === 'unknown' || outcome.siteId !== site.id)
      throw new NotFoundException(`There is no proof ${leafIndex} of your devices.`);
    if (outcome.kind === 'not-anchored') throw new ConflictException('This record is not anchored yet; try again in a minute.');
    if (outcome.kind === 'erased') throw new GoneException('The records of this household were erased.');
    return outcome.file;
  }
}
