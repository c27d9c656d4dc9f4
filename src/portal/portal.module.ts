import { Module } from '@nestjs/common';
import { EarningsController } from './earnings.controller.js';
import { HomeController } from './home.controller.js';
import { HomeService } from './home.service.js';
import { HouseholdProofController } from './proof.controller.js';

/** The households' face. */
@Module({
  controllers: [HomeController, EarningsController, HouseholdProofController],
  providers: [HomeService],
})
export class PortalModule {}
