import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { z } from 'zod';
import { BadInput } from '../kernel/errors.js';
import { asOperator, DEFAULT_PLANT, PLANT_HELP } from './as-operator.js';
import type { PlantClient } from './plant-client.js';

interface Options {
  readonly plant: string;
  readonly reason: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const erasedSchema = z.object({ siteId: z.string(), erased: z.number() });

const HELP = `
What is gone: the site's records, signatures and salts. Nobody can read them or prove them from this plant any more; this can not
be undone. What stays: its leaves in the log, which say nothing without the salts, and so every proof of every other site; the
anchors on the chain; bundles that somebody has downloaded before, which go on proving what they prove; and copies in backups.
What is recorded of the site from then on stands under another key and pseudonym.

Example:
  VPP_USER=anna VPP_PASSWORD=… vpp proof erase home-07 --reason "asked for by the household" --yes`;

/** `vpp proof erase`: the right to be forgotten, from the command line. */
export const eraseCommand = (): Command =>
  new Command('erase')
    .description("forget a site's records and salts for good; every other proof holds as before")
    .argument('<site>', 'as the fleet file names it, or named it')
    .option('--plant <url>', PLANT_HELP, DEFAULT_PLANT)
    .requiredOption('--reason <text>', 'why, for the audit log')
    .option('--yes', 'do not ask for the name of the site once more')
    .option('--json', 'answer in JSON')
    .addHelpText('after', HELP)
    .action(erase);

const erase = async (site: string, { plant, reason, yes, json }: Options): Promise<void> => {
  if (!yes) await confirmed(site);
  const ask = (client: PlantClient) => client.post('/api/proof/erasures', { siteId: site, reason }, erasedSchema);
  const answer = await asOperator({ plant }, ask, { siteId: '<site>', reason: '--reason' });
  if (json) return console.log(JSON.stringify(answer));
  console.log(`${answer.erased} records of ${answer.siteId} are forgotten.`);
  console.log("Still valid: every other site's proofs, the log, its anchors, and bundles of this site that were downloaded before.");
  console.log('Not reached: copies in backups, which bring the records back where they are restored.');
};

/** Throws `BadInput` unless the name of the site is typed once more. */
const confirmed = async (site: string): Promise<void> => {
  const { isTTY } = process.stdin;
  if (isTTY) process.stderr.write(`This forgets all that was recorded of ${site}, and can not be undone. Type its name to go on: `);
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    if (line.trim() === site) return;
    break;
  }
  throw new BadInput(`nothing was erased: type the name of the site (${site}) when asked, or give --yes`);
};
