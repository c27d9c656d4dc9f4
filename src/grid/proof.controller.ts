import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { For, Open } from '../platform/auth.guard.js';
import { ProofService } from '../proof/proof.service.js';

const keysSchema = z.object({
  logKey: z.string(),
  anchorKey: z.string(),
  anchorAddress: z.string(),
  origin: z.string(),
  demoKeys: z.boolean(),
});

const statusSchema = keysSchema.extend({
  ledger: z.string(),
  rpcUrl: z.string(),
  leaves: z.number().int(),
  anchoredLeaves: z.number().int().describe('Leaves under an anchor that is in a block'),
  unfinishedAnchors: z.number().int(),
  lastAnchor: z.object({ signature: z.string(), slot: z.number().int(), atMs: z.number(), finalized: z.boolean() }).optional(),
  fault: z.object({ message: z.string(), retryable: z.boolean() }).optional().describe('Why anchoring stands still'),
});

/** What anybody needs to check this plant's proofs, and how the log stands. */
@ApiTags('proof')
@Controller('api/proof')
export class ProofController {
  constructor(private readonly proof: ProofService) {}

  @Open()
  @Get('keys')
  @ApiOkResponse({ standardSchema: keysSchema })
  async keys(): Promise<z.infer<typeof keysSchema>> {
    const { logKey, anchorKey, anchorAddress, origin, demoKeys } = await this.proof.status();
    return { logKey, anchorKey, anchorAddress, origin, demoKeys };
  }

  @For('operator')
  @Get('status')
  @ApiOkResponse({ standardSchema: statusSchema })
  status(): Promise<z.infer<typeof statusSchema>> {
    return this.proof.status();
  }
}
