import { Command } from 'commander';
import { backtestCommand } from './forecast-backtest.js';
import { scoreboardCommand } from './forecast-scoreboard.js';

/** `vpp forecast …` */
export const forecastCommand = (): Command =>
  new Command('forecast').description('forecasts of demand and sun').addCommand(backtestCommand()).addCommand(scoreboardCommand());
