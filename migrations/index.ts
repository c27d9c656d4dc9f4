import type { MigrationInterface } from 'typeorm';
import { Platform1763800000001 } from './0001-platform.js';
import { Fleet1763800000002 } from './0002-fleet.js';
import { Signals1763800000007 } from './0007-signals.js';

/** Every migration, oldest first. Append only: one that has shipped is never edited. */
export const MIGRATIONS: (new () => MigrationInterface)[] = [Platform1763800000001, Fleet1763800000002, Signals1763800000007];
