import { Command } from 'commander';
import { exportCommand } from './export.js';
import { importCommand } from './import.js';

/** `vpp telemetry …` */
export const telemetryCommand = (): Command =>
  new Command('telemetry').description('readings, in and out').addCommand(importCommand()).addCommand(exportCommand());
