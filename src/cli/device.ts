import { Command } from 'commander';
import { commission } from './device-commission.js';
import { read } from './device-read.js';
import { scan } from './device-scan.js';
import { tryDevice } from './device-try-way.js';
import { watch } from './device-watch.js';

const PROFILE = 'a file of hardware/profiles; without it the device must speak SunSpec';
const ADDRESS = 'HOST[:PORT], rtu+HOST:PORT, or a serial line as /dev/ttyUSB0@9600,8N1';

/** `vpp device …`: commissioning of one device at a time. */
export const deviceCommand = (): Command => {
  const device = new Command('device').description('find, read, watch, try and commission devices on Modbus');
  reachable(device.command('scan').argument('<address>', ADDRESS))
    .description('say who answers at which unit id, and print the lines for a fleet file')
    .option(
      '--unit-ids <list>',
      'unit ids to try, as 1-10,247; the usual ones of gateways, SunSpec inverters, their meters and chargers without it',
      '1-10,100,126,200,240,247,255',
    )
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
  reachable(device.command('command').argument('<address-or-device>', `${ADDRESS}; with --plant the id of a device`))
    .description('try a setpoint for a while: on a device that nobody else commands, or through the plant that does')
    .option('--unit <id>', 'unit id of the device')
    .option('--profile <name>', PROFILE)
    .option('--plant <url>', 'go through this running plant, as the operator VPP_USER with VPP_PASSWORD')
    .option('--reason <text>', 'why, for the plant’s audit log', 'tried on the command line')
    .option('--limit <value>', 'most active power, as 60% or 3000W')
    .option('--battery <power>', 'battery power, as 1500W to discharge or -1500W to charge')
    .option('--generator <power>', 'run at a power, as 8000W; `stop` stops it')
    .option('--load <power>', 'most that a flexible load may draw, as 4200W; 0W lets it wait')
    .option('--release', 'end what is commanded, and say what that was; a limit on sun only with --whoever-set-it')
    .option('--whoever-set-it', 'with --release: lift a limit on sun too, though it may be a grid operator’s')
    .option('--insist', 'overwrite a battery’s or a generator’s setpoint that stands already; a limit on sun is never overwritten')
    .option('--for <duration>', 'how long the device keeps it, or is held to it by this command', '1m')
    .option('--wait', 'stay until the device lets go, and say after how long it did')
    .addHelpText('after', COMMAND_HELP)
    .action(tryDevice);
  device
    .command('commission')
    .argument('<device>', 'id of a device in the fleet file')
    .description('pulse a device both ways, prove sign, meter, latency and reversion, and write that into the fleet file')
    .requiredOption('--fleet <file>', 'the fleet file; the plant must not be running')
    .option('--power <value>', 'size of a pulse, as 300W or 15% of the rating; 10% without it')
    .option('--lease <duration>', 'how long the device keeps a setpoint; 20s, or 1m where it counts in minutes')
    .option('--start-engine', 'start a generator, once')
    .option('--dry-run', 'pulse the device, and show what would change in the file instead of changing it')
    .option('--yes', 'do not ask first')
    .option('--json', 'print JSON for machines')
    .addHelpText('after', COMMISSION_HELP)
    .action(commission);
  return device;
};

const COMMAND_HELP = `
Most devices end a setpoint by a timer of their own, and this command does not wait for it without --wait. Where nothing on the
device ends it (by its profile), this command stays for as long as --for says and ends it then, and also on Ctrl-C, a termination
or a session that is lost. If it is killed, a running \`vpp supervise\` of the same VPP_DATA_DIR ends it.

A setpoint that stands already is not overwritten: it is said what stands there, and the exit code is 1.
A command that is stopped while it waits hands the device back.

A device that a plant commands takes its setpoints from that plant: beside it there would be two masters.

Examples:
  $ vpp device command 192.0.2.17 --unit 1 --limit 60% --for 2m --wait
  $ vpp device command anna-battery --plant http://127.0.0.1:8080 --battery=-1500W --for 10m
`;

const COMMISSION_HELP = `
Exit code 1 where something was disproved, nothing could be seen, or the device was not seen to let go. The device is handed back
at the end, on an error, on Ctrl-C and when the session is lost; start \`vpp supervise\` first where nothing on the device would
end it if this command were killed.

Examples:
  $ vpp device commission anna-battery --fleet my-fleet.yaml --dry-run
  $ vpp device commission anna-pv --fleet my-fleet.yaml --power 25% --lease 1m --yes
`;

const reachable = (sub: Command): Command =>
  sub
    .option('--timeout-ms <ms>', 'how long a unit may take to answer', '1000')
    .option('--base <address>', 'where the SunSpec map begins; 40000, 0 and 50000 are looked at without it')
    .option('--json', 'print JSON for machines');

const oneUnit = (sub: Command): Command =>
  reachable(sub.argument('<address>', ADDRESS)).requiredOption('--unit <id>', 'unit id of the device').option('--profile <name>', PROFILE);
