import { Global, type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { SupervisorSocket } from './adapters/supervisor-socket.js';
import { ModbusSerialLinks } from './adapters/modbus-serial-link.js';
import { FieldControl } from './field-control.port.js';
import { Clock } from '../platform/clock.js';
import { HeldControls } from './held-controls.js';
import { ModbusFieldControl } from './field-control.js';
import { FieldDevices } from './field-devices.js';
import { FieldService } from './field.service.js';
import { ModbusLinks } from './modbus-link.port.js';
import { Supervision } from './supervision.port.js';

@Global()
@Module({})
export class FieldModule {
  /** `imports` must provide the `SampleSink`; `Clock` comes from the platform. `dataDir` is where the supervisor is met. Exports `FieldService` and `FieldControl`. */
  static register({ imports, dataDir }: Pick<ModuleMetadata, 'imports'> & { readonly dataDir: string }): DynamicModule {
    return {
      module: FieldModule,
      imports,
      providers: [
        { provide: ModbusLinks, useClass: ModbusSerialLinks },
        { provide: Supervision, useValue: new SupervisorSocket(dataDir) },
        FieldDevices,
        {
          provide: HeldControls,
          inject: [Clock],
          useFactory: (clock: Clock) => HeldControls.in(dataDir, clock.now()),
        },
        ModbusFieldControl,
        { provide: FieldControl, useExisting: ModbusFieldControl },
        FieldService,
      ],
      exports: [FieldService, FieldControl],
    };
  }
}
