import { type DynamicModule, Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConsentEntity, LockOutEntity } from './consent.entity.js';
import { FLEET, FleetService } from './fleet.service.js';
import type { Fleet } from './fleet-file.js';
import { PlantDirectory } from './plant-directory.js';

@Global()
@Module({})
export class FleetModule {
  static register(fleet: Fleet): DynamicModule {
    return {
      module: FleetModule,
      imports: [TypeOrmModule.forFeature([ConsentEntity, LockOutEntity])],
      providers: [{ provide: FLEET, useValue: fleet }, FleetService, { provide: PlantDirectory, useExisting: FleetService }],
      exports: [FleetService, PlantDirectory],
    };
  }
}
