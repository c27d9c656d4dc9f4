import { Command } from 'commander';
import { ModbusSerialLinks } from '../field/adapters/modbus-serial-link.js';
import { Reverter } from '../field/supervisor/reverter.js';
import { supervisorSocket } from '../field/supervisor/supervised-lease.js';
import { SupervisedTable } from '../field/supervisor/supervised-table.js';
import { Supervisor } from '../field/supervisor/supervisor.js';
import { SupervisorServer } from '../field/supervisor/supervisor-server.js';
import { configOf } from '../platform/config.js';
import { lockFolder } from '../platform/folder-lock.js';
import { createLog } from '../platform/logger.js';

interface SuperviseOptions {
  readonly json?: boolean;
}

export const superviseCommand = (): Command =>
  new Command('supervise')
    .description('hand devices back when the plant dies: those of reversion class `supervisor`, which keep a setpoint for ever')
    .option('--json', 'print one line of JSON when it watches')
    .addHelpText(
      'after',
      `
Runs beside \`vpp serve\`, as a process of its own with the same VPP_DATA_DIR. The plant commands such devices only while it
runs. What it has to end stands in supervised.json there, and outlives it. It does not cover the loss of this computer or of
the network to a device.

Example:
  npm run -s vpp -- supervise
`,
    )
    .action(supervise);

const supervise = async ({ json }: SuperviseOptions): Promise<void> => {
  const { dataDir, logLevel } = configOf(process.env);
  const socket = supervisorSocket(dataDir);
  const lock = lockFolder(dataDir, 'supervisor');
  const reverter = new Reverter(new ModbusSerialLinks());
  const supervisor = new Supervisor(new SupervisedTable(dataDir), (lease) => reverter.end(lease), createLog(logLevel));
  const server = new SupervisorServer(supervisor);
  await server.listen(socket);
  const found = supervisor.leases().length;
  console.log(json ? JSON.stringify({ socket, leases: found }) : `watching over ${dataDir}; ${found} leases stand from before`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  await server.close();
  await supervisor.stop();
  lock.release();
};
