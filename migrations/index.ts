import type { MigrationInterface } from 'typeorm';
import { Platform1763800000001 } from './0001-platform.js';
import { Fleet1763800000002 } from './0002-fleet.js';
import { Dispatch1763800000003 } from './0003-dispatch.js';
import { Telemetry1763800000004 } from './0004-telemetry.js';
import { Signals1763800000007 } from './0007-signals.js';
import { Forecast1763800000008 } from './0008-forecast.js';
import { Schedule1763800000009 } from './0009-schedule.js';
import { Proof1763800000011 } from './0011-proof.js';
import { Settlement1763800000012 } from './0012-settlement.js';
import { IntervalFacts1763800000013 } from './0013-interval-facts.js';
import { ForecastScores1763800000014 } from './0014-forecast-scores.js';
import { ProofEvidence1763800000018 } from './0018-proof-evidence.js';
import { EventCourse1763800000019 } from './0019-event-course.js';
import { EventPromise1763800000020 } from './0020-event-promise.js';
import { EventStop1763800000021 } from './0021-event-stop.js';

/** Every migration, oldest first. Append only: one that has shipped is never edited. */
export const MIGRATIONS: (new () => MigrationInterface)[] = [
  Platform1763800000001,
  Fleet1763800000002,
  Dispatch1763800000003,
  Telemetry1763800000004,
  Signals1763800000007,
  Forecast1763800000008,
  Schedule1763800000009,
  Proof1763800000011,
  Settlement1763800000012,
  IntervalFacts1763800000013,
  ForecastScores1763800000014,
  ProofEvidence1763800000018,
  EventCourse1763800000019,
  EventPromise1763800000020,
  EventStop1763800000021,
];
