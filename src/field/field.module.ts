import { Global, type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { ModbusSerialLinks } from './adapters/modbus-serial-link.js';
import { FieldControl } from './field-control.port.js';
import { ModbusFieldControl } from './field-control.js';
import { FieldDevices } from './field-devices.js';
import { FieldService } from './field.service.js';
import { ModbusLinks } from './modbus-link.port.js';

@Global()
@Module({})
export class FieldModule {
  /** `imports` must provide the `SampleSink`; `Clock` comes from the platform. Exports `FieldService` and `FieldControl`. */
  static register({ imports }: Pick<ModuleMetadata, 'imports'>): DynamicModule {
    return {
      module: FieldModule,
      imports,
      providers: [
        { provide: ModbusLinks, useClass: ModbusSerialLinks },
        FieldDevices,
        ModbusFieldControl,
        { provide: FieldControl, useExisting: ModbusFieldControl },
        FieldService,
      ],
      exports: [FieldService, FieldControl],
    };
  }
}
