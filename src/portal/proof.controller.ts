import { Controller, Delete, Get, Header, Param, ParseIntPipe, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { bundleOrProblem } from '../grid/proof-answers.js';
import { AuditService } from '../platform/audit.service.js';
import { CallerParam, For } from '../platform/auth.guard.js';
import type { Caller } from '../platform/auth.service.js';
import { Clock } from '../platform/clock.js';
import { ProofService } from '../proof/proof.service.js';
import { HomeService } from './home.service.js';
import { proofQuerySchema, proofRowSchema } from './schemas.js';

type ProofRow = z.infer<typeof proofRowSchema>;
const erasedSchema = z.object({ erased: z.number().int().describe('Records that were forgotten') });

/** The proofs of a household's own devices, and of what was stated about it. */
@For('household')
@ApiTags('household')
@Controller('api/me/proofs')
export class HouseholdProofController {
  constructor(
    private readonly home: HomeService,
    private readonly proof: ProofService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOkResponse({ standardSchema: z.array(proofRowSchema) })
  async newest(
    @Query({ schema: proofQuerySchema }) query: z.infer<typeof proofQuerySchema>,
    @CallerParam() caller: Caller,
  ): Promise<ProofRow[]> {
    const proofs = await this.proof.proofsOf(this.home.siteOf(caller.householdId).id, query);
    return proofs.map(({ siteId: _siteId, ...row }) => row);
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
    return bundleOrProblem(await this.proof.bundle(leafIndex), leafIndex, this.home.siteOf(caller.householdId).id);
  }

  /** Forgets the household's records and salts for good: nobody can prove them any more, and nobody can read them. */
  @Delete()
  @ApiOkResponse({ standardSchema: erasedSchema })
  async erase(@CallerParam() caller: Caller): Promise<z.infer<typeof erasedSchema>> {
    const { id } = this.home.siteOf(caller.householdId);
    const erased = await this.proof.eraseSite(id, this.clock.now());
    await this.audit.record(caller.name, 'erase-proofs', id, `asked for by the household: ${erased} records`);
    return { erased };
  }
}
