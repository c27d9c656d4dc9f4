import { Command } from 'commander';
import { type Scoreboard, scoreboardSchema } from '../grid/scoreboard-schema.js';
import { BadInput } from '../kernel/errors.js';
import { configOf } from '../platform/config.js';
import { PlantClient } from './plant-client.js';

interface ScoreboardOptions {
  plant: string;
  site?: string;
  days: string;
  json?: boolean;
}

const NOTES = `
VPP_USER and VPP_PASSWORD are the login of an operator. Skill is 1 less the ratio of the MAE to that of "as a week ago" on the same
slots: 0.3 means 30 % less error. Scores come once a day, when the truth of the day before has arrived.

Example:
  vpp forecast scoreboard --plant http://127.0.0.1:8080 --site home-03 --days 30`;

export const scoreboardCommand = (): Command =>
  new Command('scoreboard')
    .description('how the forecasts of a running plant have done, by site, horizon and model')
    .option('--plant <url>', 'the plant', 'http://127.0.0.1:8080')
    .option('--site <id>', 'this site alone')
    .option('--days <days>', 'how far back', '30')
    .option('--json', 'answer in JSON')
    .addHelpText('after', NOTES)
    .action(async ({ plant, site, days, json }: ScoreboardOptions) => {
      if (!/^[1-9]\d*$/.test(days)) throw new BadInput(`--days "${days}": give a whole number from 1 on`);
      const { login } = configOf(process.env);
      if (!login) throw new BadInput('--plant: set VPP_USER and VPP_PASSWORD to the login of an operator');
      const client = await PlantClient.login(plant, login, { days: '--days', siteId: '--site' });
      try {
        const query = new URLSearchParams({ days, ...(site === undefined ? {} : { siteId: site }) });
        const answer = await client.get(`/api/forecasts/scoreboard?${query.toString()}`, scoreboardSchema);
        for (const line of json ? [JSON.stringify(answer, null, 2)] : scoreboardLines(answer)) console.log(line);
      } finally {
        await client.logout().catch(() => undefined);
      }
    });

/** The answer for people: a block a site and quantity. */
export const scoreboardLines = ({ sites }: Scoreboard): string[] =>
  sites.flatMap(({ siteId, quantities }) =>
    quantities.flatMap(({ quantity, rows, weights }) => {
      if (rows.length === 0) return [`${siteId} ${quantity}: nothing scored yet`, ''];
      const shares = Object.entries(weights).map(([name, weight]) => `${name} ${Math.round(100 * weight)} %`);
      return [
        `${siteId} ${quantity}; in the median: ${shares.join(', ')}`,
        [
          'horizon'.padEnd(8),
          'model'.padEnd(18),
          ...['MAE W', 'RMSE W', 'bias W', 'pinball', 'P10-P90', 'skill'].map((head) => head.padStart(9)),
        ].join(''),
        ...rows.map(({ horizon, model, maeW, rmseW, biasW, pinballW, coverage, skill }) =>
          [
            horizon.padEnd(8),
            model.padEnd(18),
            ...[maeW, rmseW, biasW, pinballW].map((value) => value.toFixed(0).padStart(9)),
            `${Math.round(100 * coverage)} %`.padStart(9),
            (skill?.toFixed(3) ?? '').padStart(9),
          ].join(''),
        ),
        '',
      ];
    }),
  );
