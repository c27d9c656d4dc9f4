import { Body, Controller, Get, Header, HttpCode, NotFoundException, Param, ParseIntPipe, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { FleetService } from '../fleet/fleet.service.js';
import { AuditService } from '../platform/audit.service.js';
import { CallerParam, For, Open } from '../platform/auth.guard.js';
import type { Caller } from '../platform/auth.service.js';
import { Clock } from '../platform/clock.js';
import { fromHex } from '../proof/encoding.js';
import { PLANT_SITE } from '../proof/log-entry.js';
import { type EvidenceOutcome, ProofEvidence } from '../proof/proof-evidence.service.js';
import { ProofService } from '../proof/proof.service.js';
import { bundleOrProblem } from './proof-answers.js';
import {
  conflictSchema,
  type ErasureRequest,
  erasureRequestSchema,
  erasureSchema,
  evidenceRequestSchema,
  evidenceSchema,
  plantRecordSchema,
  plantRecordsQuerySchema,
  proofKeysSchema,
  proofStatusSchema,
} from './proof-schemas.js';

const SHOWN = 200;

/** What anybody needs to check this plant's proofs, how the log stands, and what contradicts it. */
@ApiTags('proof')
@Controller('api/proof')
export class ProofController {
  constructor(
    private readonly proof: ProofService,
    private readonly evidence: ProofEvidence,
    private readonly fleet: FleetService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  @Open()
  @Get('keys')
  @ApiOkResponse({ standardSchema: proofKeysSchema })
  async keys(): Promise<z.infer<typeof proofKeysSchema>> {
    const { logKey, anchorKey, anchorAddress, origin, demoKeys, assurance } = await this.proof.status();
    return { logKey, anchorKey, anchorAddress, origin, demoKeys, assurance, beginsAt: BEGINS_AT };
  }

  @For('operator')
  @Get('status')
  @ApiOkResponse({ standardSchema: proofStatusSchema })
  async status(): Promise<z.infer<typeof proofStatusSchema>> {
    return { ...(await this.proof.status()), beginsAt: BEGINS_AT, contradictions: await this.evidence.count() };
  }

  /** Records of a site, or (without one) of the plant: its grid events. */
  @For('operator')
  @Get('records')
  @ApiOkResponse({ standardSchema: z.array(plantRecordSchema) })
  async records(
    @Query({ schema: plantRecordsQuerySchema }) { siteId, ...query }: z.infer<typeof plantRecordsQuerySchema>,
  ): Promise<z.infer<typeof plantRecordSchema>[]> {
    const kind = siteId === undefined ? 'event' : query.kind;
    return this.proof.proofsOf(siteId ?? PLANT_SITE, { ...query, kind });
  }

  /** The bundle to the byte, as `vpp proof verify` takes it. */
  @For('operator')
  @Get('records/:leafIndex')
  @ApiOkResponse({ description: 'A proof bundle.', content: { 'application/json': { schema: { type: 'object' } } } })
  @Header('content-type', 'application/json')
  @Header('content-disposition', 'attachment; filename="heliograph-proof.json"')
  async bundle(@Param('leafIndex', ParseIntPipe) leafIndex: number): Promise<string> {
    return bundleOrProblem(await this.proof.bundle(leafIndex), leafIndex);
  }

  /** Holds a bundle against the log. What contradicts it is kept, and raises an alarm. Anybody with a login may bring one. */
  @Post('evidence')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: evidenceSchema })
  async examine(@Body({ schema: evidenceRequestSchema }) { bundle }: z.infer<typeof evidenceRequestSchema>): Promise<EvidenceOutcome> {
    const { origin, logKey } = await this.proof.status();
    return this.evidence.examine(bundle, { origin, key: fromHex(logKey, 32)! });
  }

  @For('operator')
  @Get('contradictions')
  @ApiOkResponse({ standardSchema: z.array(conflictSchema) })
  contradictions(): Promise<z.infer<typeof conflictSchema>[]> {
    return this.evidence.list(SHOWN);
  }

  /** Forgets a site's records, signatures and salts. Everybody else's proofs hold as before. */
  @For('operator')
  @Post('erasures')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: erasureSchema })
  async erase(
    @Body({ schema: erasureRequestSchema }) { siteId, reason }: ErasureRequest,
    @CallerParam() caller: Caller,
  ): Promise<z.infer<typeof erasureSchema>> {
    // A site that has left the fleet has its records still, and most reason to have them forgotten.
    const known = this.fleet.plant().sites.some(({ id }) => id === siteId) || (await this.proof.holds(siteId));
    if (!known || siteId === PLANT_SITE) throw new NotFoundException(`There is no site "${siteId}".`);
    const erased = await this.proof.eraseSite(siteId, this.clock.now());
    await this.audit.record(caller.name, 'erase-proofs', siteId, `${reason}: ${erased} records`);
    return { siteId, erased };
  }
}

const BEGINS_AT = 'The plant: Modbus is unauthenticated, so what a device says is believed and signed on arrival, not in the device.';
