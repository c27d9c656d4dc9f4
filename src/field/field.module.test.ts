import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { Clock, ManualClock } from '../platform/clock.js';
import { FieldControl } from './field-control.port.js';
import { FieldModule } from './field.module.js';
import { FieldService } from './field.service.js';
import { SampleSink } from './sample-sink.port.js';
import { RecordingSink } from './testing/recording-sink.js';

@Module({ providers: [{ provide: SampleSink, useClass: RecordingSink }], exports: [SampleSink] })
class TelemetryStandIn {}

@Global()
@Module({ providers: [{ provide: Clock, useFactory: () => new ManualClock(0) }], exports: [Clock] })
class PlatformStandIn {}

it('the field wires itself from a sink and a clock, and stops with nothing begun', async () => {
  const module = await Test.createTestingModule({
    imports: [PlatformStandIn, FieldModule.register({ imports: [TelemetryStandIn], dataDir: 'nowhere' })],
  }).compile();
  expect(module.get(FieldControl, { strict: false }).leases()).toEqual([]);
  expect(await module.get(FieldService, { strict: false }).stop()).toEqual({ released: [], unknown: [] });
  await module.close();
});
