import { pointsOf, type Profile, type ProfilePointRegisters } from './profile.js';
import {
  holdingCases,
  isFallback,
  isPower,
  isTimer,
  type ProfileCase,
  type ProfileCheck,
  type ProfileCommands,
  type ProfileWrite,
} from './profile-commands.js';
import { type Place, type Stretch, stretchOf } from './profile-place.js';
import { isKnownUnit } from './profile-units.js';
import { WORDS_OF, writeNumber } from './words.js';

type Path = readonly (string | number)[];
interface Fault {
  readonly path: PropertyKey[];
  readonly message: string;
}

/** What each field of a profile may be is its schema's to say; this is what the fields cannot see of each other. */
export const profileFaults = (profile: Profile): Fault[] => [
  ...pointFaults(profile),
  ...overlapFaults(profile),
  ...illegalFaults(profile),
  ...(profile.commands ? commandFaults(profile, profile.commands) : []),
];

const fault = (path: Path, message: string): Fault => ({ path: [...path], message });

/** Every register of every point, with where it stands in the file. */
const registersOf = (profile: Profile): [Path, Omit<ProfilePointRegisters, 'plus'>][] =>
  pointsOf(profile).flatMap(([name, { plus, ...first }]): [Path, Omit<ProfilePointRegisters, 'plus'>][] => [
    [['points', name], first],
    ...plus.map((register, index): [Path, typeof register] => [['points', name, 'plus', index], register]),
  ]);

const NEEDED: Readonly<Record<Profile['kind'], readonly (keyof Profile['points'])[]>> = {
  meter: ['powerW'],
  pv: ['powerW'],
  battery: ['powerW'],
  hybrid: ['powerW', 'pvPowerW'],
  generator: ['powerW'],
  load: ['powerW'],
  gateway: [],
};

const pointFaults = (profile: Profile): Fault[] => [
  ...NEEDED[profile.kind].filter((name) => !profile.points[name]).map((name) => fault(['points'], `a ${profile.kind} needs \`${name}\``)),
  ...registersOf(profile).flatMap(([path, register]) => {
    const { words } = stretchOf(register);
    const faults: Fault[] = [];
    if (!isKnownUnit(register.unit)) faults.push(fault([...path, 'unit'], `no unit is called "${register.unit}"`));
    if (words > profile.largestRead)
      faults.push(fault([...path, 'type'], `a ${register.type} does not fit a request of ${profile.largestRead} registers`));
    if (register.range && register.range[0] >= register.range[1]) faults.push(fault([...path, 'range'], 'the lower end comes first'));
    if (register.scale === 0) faults.push(fault([...path, 'scale'], 'a scale of 0 makes everything 0'));
    return faults;
  }),
];

const meet = (a: Stretch, b: Stretch): boolean => a.table === b.table && a.at < b.at + b.words && b.at < a.at + a.words;

const nameOf = (path: Path): string => path.slice(1).join('.');

/** Two points in the same registers are a slip of the pen, unless both take bits out of them, or one adds the other in. */
const overlapFaults = (profile: Profile): Fault[] => {
  const seen: [Path, Place][] = [];
  const mayShare = ([path, a]: [Path, Place], [otherPath, b]: [Path, Place]): boolean => {
    if (a.bit !== undefined && b.bit !== undefined) return true;
    const isSum = path.includes('plus') || otherPath.includes('plus');
    return isSum && path[1] !== otherPath[1] && stretchOf(a).at === stretchOf(b).at && a.type === b.type;
  };
  return registersOf(profile).flatMap(([path, register]) => {
    const other = seen.find((earlier) => meet(stretchOf(earlier[1]), stretchOf(register)) && !mayShare(earlier, [path, register]));
    seen.push([path, register]);
    return other ? [fault(path, `lies in the same registers as ${nameOf(other[0])}`)] : [];
  });
};

const illegalFaults = (profile: Profile): Fault[] => {
  const { illegal } = profile;
  if (!illegal) return [];
  const turned = Object.entries(illegal).flatMap(([table, spans]) =>
    spans.flatMap(([from, to], index) => (from > to ? [fault(['illegal', table, index], 'the lower end comes first')] : [])),
  );
  const places: [Path, Place][] = [...registersOf(profile), ...(profile.commands ? placesOf(profile.commands) : [])];
  const within = places.flatMap(([path, place]) => {
    const { table, at, words } = stretchOf(place);
    const span = illegal[table].find(([from, to]) => at <= to && from < at + words);
    return span ? [fault(path, `lies in the illegal registers ${span[0]} to ${span[1]}`)] : [];
  });
  return [...turned, ...within];
};

type Control = NonNullable<ProfileCommands[keyof ProfileCommands]>;

const controlsOf = (commands: ProfileCommands): [keyof ProfileCommands, Control][] =>
  Object.entries(commands).filter((entry): entry is [keyof ProfileCommands, Control] => entry[1] !== undefined);

const casesOf = (control: Control): [string, ProfileCase][] => {
  if ('charge' in control) {
    const { charge, discharge, rest } = control;
    return [['charge', charge], ['discharge', discharge], ...(rest ? [['rest', rest] as [string, ProfileCase]] : [])];
  }
  if ('limit' in control) {
    const pause = 'pause' in control ? control.pause : undefined;
    return [['limit', control.limit], ...(pause ? [['pause', pause] as [string, ProfileCase]] : [])];
  }
  return [
    ['run', control.run],
    ['stop', control.stop],
  ];
};

const checksOf = (commands: ProfileCommands): [Path, ProfileCheck][] =>
  controlsOf(commands).flatMap(([name, control]): [Path, ProfileCheck][] => [
    [['commands', name, 'held'], control.held],
    ...control.preconditions.map((check, index): [Path, ProfileCheck] => [['commands', name, 'preconditions', index], check]),
    ...casesOf(control).flatMap(([key, { shows }]) =>
      shows.map((check, index): [Path, ProfileCheck] => [['commands', name, key, 'shows', index], check]),
    ),
  ]);

const writesOf = (commands: ProfileCommands): [Path, ProfileWrite][] =>
  controlsOf(commands).flatMap(([name, control]): [Path, ProfileWrite][] => [
    ...casesOf(control).flatMap(([key, { write }]) =>
      write.map((one, index): [Path, ProfileWrite] => [['commands', name, key, 'write', index], one]),
    ),
    ...control.release.map((one, index): [Path, ProfileWrite] => [['commands', name, 'release', index], one]),
  ]);

const placesOf = (commands: ProfileCommands): [Path, Place][] => [
  ...checksOf(commands).filter(([, { unitId }]) => unitId === undefined),
  ...writesOf(commands),
];

const TOLD: Readonly<Record<keyof ProfileCommands, readonly Profile['kind'][]>> = {
  batteryPower: ['battery', 'hybrid', 'gateway'],
  pvLimit: ['pv', 'hybrid', 'gateway'],
  generator: ['generator'],
  loadLimit: ['load'],
};

const commandFaults = (profile: Profile, commands: ProfileCommands): Fault[] => [
  ...controlsOf(commands)
    .filter(([name]) => !TOLD[name].includes(profile.kind))
    .map(([name]) => fault(['commands', name], `a ${profile.kind} is not told this`)),
  ...(profile.reversion ? [] : [fault(['commands'], 'say under `reversion` what ends a setpoint, and why')]),
  ...writesOf(commands).flatMap(([path, write]) => writeFaults(path, write)),
  ...(commands.loadLimit?.limit.write.some((write) => isPower(write) && write.least !== undefined) && !commands.loadLimit.pause
    ? [fault(['commands', 'loadLimit'], 'below its `least` it has to `pause`: say how')]
    : []),
  ...writesOf(commands).flatMap(([path, { holding, type }]) =>
    profile.singleWrites && holding !== undefined && WORDS_OF[type] > 1
      ? [fault([...path, 'type'], `a ${type} does not fit a register that is written singly`)]
      : [],
  ),
  ...writesOf(commands)
    .filter(([, { value }]) => value === 'powerPct' && !profile.points.ratedW)
    .map(([path]) => fault([...path, 'value'], 'a percentage is of the point `ratedW`, which is missing')),
  ...holdingCases(commands).flatMap(([path, { write }]) => [
    ...timerFaults(profile, commands[path[1] as keyof ProfileCommands]!, path, write),
    ...orderFaults(path, write),
  ]),
];

const writeFaults = (path: Path, write: ProfileWrite): Fault[] => {
  if (!isKnownUnit(write.unit)) return [fault([...path, 'unit'], `no unit is called "${write.unit}"`)];
  if (write.scale === 0) return [fault([...path, 'scale'], 'a scale of 0 cannot be undone')];
  const isRelease = path.includes('release');
  if (isRelease && typeof write.value === 'string') return [fault([...path, 'value'], `at a release there is no ${write.value}`)];
  if (isFallback(write) && path[1] !== 'loadLimit') return [fault([...path, 'value'], `only a load is told its ${write.value}`)];
  const isLimit = (isPower(write) && path.includes('limit')) || isFallback(write);
  if (write.most !== undefined && !isTimer(write) && !isLimit) return [fault([...path, 'most'], '`most` is of a timer or a limit')];
  if (write.least !== undefined && !isTimer(write) && !(isLimit && path[1] === 'loadLimit'))
    return [fault([...path, 'least'], '`least` is of a timer or the limit of a load')];
  const { table, at, words } = stretchOf(write);
  if (table === 'coil' && !bitsOf(write).every((bit) => bit === 0 || bit === 1)) return [fault(path, 'a coil is told 0 or 1')];
  if (write.words) return at + write.words.length > 65_536 ? [fault([...path, 'words'], 'run past the last address')] : [];
  if (at + words > 65_536) return [fault([...path, table], 'runs past the last address, 65535')];
  if (typeof write.value !== 'number') return [];
  try {
    writeNumber(write.value / (write.scale * write.sign), write.type);
    return [];
  } catch {
    return [fault([...path, 'value'], `${write.value} does not fit a ${write.type}`)];
  }
};

const bitsOf = ({ value, words }: ProfileWrite): unknown[] => words ?? [value];

const timerFaults = (profile: Profile, control: Control, path: Path, writes: readonly ProfileWrite[]): Fault[] => {
  const reversion = control.reversion ?? profile.reversion;
  if (reversion?.class !== 'device' || control.endsAfterS !== undefined || writes.some(isTimer)) return [];
  return [fault(path, 'a device that ends setpoints by itself is told when: write `leaseS` or `leaseMin`')];
};

/** A moment at which something is on without its limit or its timer could last for ever. */
const orderFaults = (path: Path, writes: readonly ProfileWrite[]): Fault[] => {
  const isSwitch = ({ value }: ProfileWrite): boolean => typeof value !== 'string';
  if (!writes.some(isSwitch) || isSwitch(writes.at(-1)!)) return [];
  return [fault([...path, 'write', writes.length - 1], 'limits and timers stand before what switches them on')];
};
