import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { For, Open } from '../platform/auth.guard.js';
import { ProofService, type ProofStatus } from '../proof/proof.service.js';

const keysSchema = z.object({
  logKey: z.string(),
  anchorKey: z.string(),
  anchorAddress: z.string(),
  origin: z.string(),
  demoKeys: z.boolean(),
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
  status(): Promise<ProofStatus> {
    return this.proof.status();
  }
}
