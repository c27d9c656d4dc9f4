import type { z } from 'zod';
import type { plantInfoSchema } from './schemas.js';

/** What only the process that started the plant knows about it. It is also the Nest token. */
export abstract class PlantFacts {
  abstract readonly mode: 'demo' | 'serve';
  abstract readonly simulated: boolean;
  abstract readonly replay: string | undefined;
  abstract readonly clockOffsetMs: number;
  abstract readonly intervalMinutes: number;
  abstract readonly ledger: string;
  abstract readonly demoLogins: z.infer<typeof plantInfoSchema>['demoLogins'];
  /** How far the demo's made-up past has been filled in; absent on a real plant. */
  abstract history(): { daysDone: number; daysTotal: number } | undefined;
}
