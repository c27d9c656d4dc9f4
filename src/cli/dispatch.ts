import { Command } from 'commander';
import type { DeviceDecision } from '../dispatch/decision.js';
import { type LoggedCycle, loggedCycles, loggedRange, type ReplayedCycle, replayed } from '../dispatch/decision-log-reader.js';
import { setpointText } from '../field/setpoint.js';
import { devicesOf } from '../fleet/plant.js';
import { AdapterError, BadInput } from '../kernel/errors.js';
import { type EpochMs, MINUTE_MS } from '../kernel/units.js';
import { configOf } from '../platform/config.js';
import { askedMoment } from './asked-for.js';

interface ReplayOptions {
  readonly at?: string;
  readonly from?: string;
  readonly to?: string;
  readonly device?: string;
  readonly data?: string;
  readonly json?: boolean;
}

const HELP = `
A plant keeps what each of its decisions rested on, and what it decided, in the folder \`decisions\` of its data. They are decided
again by the rules of this version: what comes out otherwise is told, and the exit code is 1 then. The plant may be running.

Examples:
  $ vpp dispatch replay --at 2026-06-17T18:04:30Z
  $ vpp dispatch replay --from 2026-06-17T18:00:00Z --to 2026-06-17T18:15:00Z --device home-01-battery`;

/** `vpp dispatch …` */
export const dispatchCommand = (): Command => {
  const command = new Command('dispatch').description('what was decided, and why');
  command
    .command('replay')
    .description('decide past moments again, on what was known then')
    .option('--at <moment>', 'the cycle at this moment, or the last one before it, with every device')
    .option('--from <moment>', 'all cycles from here')
    .option('--to <moment>', 'to here; without it to the end of the log')
    .option('--device <id>', 'of one device: each change of what it was told')
    .option('--data <dir>', 'folder of the plant (VPP_DATA_DIR)')
    .option('--json', 'print JSON for machines')
    .addHelpText('after', HELP)
    .action(replay);
  return command;
};

const replay = async (options: ReplayOptions): Promise<void> => {
  const dataDir = options.data ?? configOf(process.env).dataDir;
  const range = await loggedRange(dataDir);
  if (!range) throw new BadInput(`${dataDir}: no decisions are on record there; name the folder of a plant with --data`);
  const { fromMs, toMs } = spanOf(options, range.lastMs);
  const cycles = loggedCycles(dataDir, fromMs, toMs);
  const teller = tellerOf(options);
  let count = 0;
  let differing = 0;
  for await (const logged of options.at === undefined ? cycles : lastOf(cycles)) {
    if (count === 0) checkDevice(logged, options.device);
    const cycle = ofDevice(replayed(logged), options.device);
    count += 1;
    if (cycle.otherwise.length > 0) differing += 1;
    teller.cycle(cycle);
  }
  if (count === 0) {
    const [first, last] = [range.firstMs, range.lastMs].map((atMs) => new Date(atMs).toISOString());
    throw new AdapterError(`nothing was decided then: on record in ${dataDir} is ${first} to ${last}`, false);
  }
  teller.end(count, differing);
  if (differing > 0) process.exitCode = 1;
};

async function* lastOf(cycles: AsyncIterable<LoggedCycle>): AsyncGenerator<LoggedCycle> {
  let last: LoggedCycle | undefined;
  for await (const cycle of cycles) last = cycle;
  if (last) yield last;
}

/** Tells of each cycle when it comes: a day has many. */
interface Teller {
  cycle(cycle: ReplayedCycle): void;
  end(count: number, differing: number): void;
}

const tellerOf = ({ at, device, json }: ReplayOptions): Teller => {
  if (json) return new JsonTeller();
  return at === undefined ? new StretchTeller(device !== undefined) : { cycle: printMoment, end: () => undefined };
};

class JsonTeller implements Teller {
  private before = '[';

  cycle({ atMs, decided, otherwise }: ReplayedCycle): void {
    console.log(this.before + JSON.stringify({ atMs, same: otherwise.length === 0, decided, otherwise }));
    this.before = ',';
  }

  end(): void {
    console.log(']');
  }
}

class StretchTeller implements Teller {
  private readonly told = new Map<string, string>();

  constructor(private readonly isOneDevice: boolean) {}

  cycle({ atMs, decided, otherwise }: ReplayedCycle): void {
    const at = new Date(atMs).toISOString();
    if (this.isOneDevice)
      for (const decision of decided) {
        const text = textOf(decision);
        if (this.told.get(decision.control) !== text) console.log(`${at}  ${text}`);
        this.told.set(decision.control, text);
      }
    if (otherwise.length > 0) console.log(`${at}: ${verdict(otherwise.length)}`);
    printOtherwise(otherwise);
  }

  end(count: number, differing: number): void {
    console.log(`${count} cycles decided again, ${differing === 0 ? 'all the same' : `${differing} otherwise`}`);
  }
}

const spanOf = ({ at, from, to }: ReplayOptions, lastMs: EpochMs): { fromMs: EpochMs; toMs: EpochMs } => {
  if ((at === undefined) === (from === undefined)) throw new BadInput('name a moment with --at, or a stretch with --from and --to');
  if (at !== undefined && to !== undefined) throw new BadInput('--to goes with --from, not with --at');
  if (at !== undefined) {
    const atMs = askedMoment('--at', at);
    return { fromMs: atMs - MINUTE_MS, toMs: atMs };
  }
  const [fromMs, toMs] = [askedMoment('--from', from!), to === undefined ? lastMs : askedMoment('--to', to)];
  if (toMs < fromMs)
    throw new BadInput(
      to === undefined ? `--from "${from!}": the log ends at ${new Date(lastMs).toISOString()}` : `--to "${to}": lies before --from`,
    );
  return { fromMs, toMs };
};

const checkDevice = ({ plant }: LoggedCycle, id: string | undefined): void => {
  if (id === undefined || devicesOf(plant).some((one) => one.id === id)) return;
  throw new BadInput(`--device "${id}": the plant had no device of that id; GET /api/devices tells them`);
};

const ofDevice = (cycle: ReplayedCycle, id: string | undefined): ReplayedCycle =>
  id === undefined
    ? cycle
    : {
        ...cycle,
        decided: cycle.decided.filter(({ deviceId }) => deviceId === id),
        otherwise: cycle.otherwise.filter(({ before, now }) => (before ?? now)!.deviceId === id),
      };

const textOf = ({ control, owner, setpoint, holds, reason, cuts }: DeviceDecision): string => {
  const told = setpoint ? `${setpointText(setpoint)} by ${owner}` : holds ? 'keeps what it has' : 'nothing';
  return [
    `${control}: ${told}, ${reason}`,
    ...cuts.map(({ by, why, minW, maxW }) => `${by} left ${watts(minW)} to ${watts(maxW)}: ${why}`),
  ].join('; ');
};

const watts = (powerW: number | null): string => `${Math.round(powerW ?? 0)} W`;

const printMoment = ({ atMs, decided, otherwise }: ReplayedCycle): void => {
  console.log(`${new Date(atMs).toISOString()}: ${decided.length} controls, ${verdict(otherwise.length)}`);
  for (const decision of decided) console.log(`${decision.deviceId}  ${textOf(decision)}`);
  printOtherwise(otherwise);
};

const verdict = (otherwise: number): string => (otherwise === 0 ? 'decided the same again' : `${otherwise} decided otherwise now`);

const printOtherwise = (otherwise: ReplayedCycle['otherwise']): void => {
  for (const { before, now } of otherwise) {
    const { deviceId } = (before ?? now)!;
    console.log(`  ${deviceId}  then ${before ? textOf(before) : 'nothing'}`);
    console.log(`  ${' '.repeat(deviceId.length)}  now  ${now ? textOf(now) : 'nothing'}`);
  }
};
