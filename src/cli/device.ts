import { Command } from 'commander';
import { read } from './device-read.js';
import { scan } from './device-scan.js';
import { tryDirectly } from './device-try.js';
import { watch } from './device-watch.js';

const ADDRESS = 'HOST[:PORT], rtu+HOST:PORT, or a serial line as /dev/ttyUSB0@9600,8N1';

/** `vpp device …`: commissioning of one device at a time. */
export const deviceCommand = (): Command => {
  const device = new Command('device').description('find, read, watch and try devices on Modbus');
  reachable(device.command('scan').argument('<address>', ADDRESS))
    .description('say who answers at which unit id, and print the lines for a fleet file')
    .option('--unit-ids <list>', 'unit ids to try, as 1-10,247', '1-10')
    .addHelpText('after', '\nExample:\n  $ vpp device scan 192.0.2.17:502 --unit-ids 1-10,126')
    .action(scan);
  oneUnit(device.command('read'))
    .description('read every point once')
    .option('--raw', 'with the registers that each point was made of')
    .addHelpText('after', '\nExample:\n  $ vpp device read 192.0.2.17 --unit 1 --profile eastron-sdm630 --raw')
    .action(read);
  oneUnit(device.command('watch'))
    .description('read the main points again and again: in place on a terminal, a line each time elsewhere')
    .option('--every <duration>', 'pause between readings', '1s')
    .option('--count <n>', 'end after so many readings')
    .addHelpText('after', '\nExample:\n  $ vpp device watch 192.0.2.17 --unit 1 --every 2s')
    .action(watch);
  oneUnit(device.command('command'))
    .description('try a setpoint that the device ends by itself')
    .option('--limit <value>', 'most active power, as 60% or 3000W')
    .option('--battery <power>', 'battery power, as 1500W to discharge or -1500W to charge')
    .option('--generator <power>', 'run at a power, as 8000W; `stop` stops it')
    .option('--release', 'end whatever is commanded')
    .option('--for <duration>', 'how long the device keeps it', '1m')
    .option('--wait', 'stay until the device lets go, and say after how long it did')
    .addHelpText('after', '\nExample:\n  $ vpp device command 192.0.2.17 --unit 1 --limit 60% --for 2m --wait')
    .action(tryDirectly);
  return device;
};

const reachable = (sub: Command): Command =>
  sub
    .option('--timeout-ms <ms>', 'how long a unit may take to answer', '1000')
    .option('--base <address>', 'where the SunSpec map begins; 40000, 0 and 50000 are looked at without it')
    .option('--json', 'print JSON for machines');

const oneUnit = (sub: Command): Command =>
  reachable(sub.argument('<address>', ADDRESS))
    .requiredOption('--unit <id>', 'unit id of the device')
    .option('--profile <name>', 'a file of hardware/profiles; without it the device must speak SunSpec');
