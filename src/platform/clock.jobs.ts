import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { SECOND_MS } from '../kernel/units.js';
import { ClockWatch } from './clock-watch.js';

@Injectable()
export class ClockJobs {
  constructor(private readonly watch: ClockWatch) {}

  @Interval('clock', 10 * SECOND_MS)
  look(): Promise<void> {
    return this.watch.look();
  }
}
