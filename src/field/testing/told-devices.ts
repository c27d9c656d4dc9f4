import type { Setpoint } from '../setpoint.js';
import { type UnitRegisters, unitRegisters } from './scripted-server.js';

export type Writes = readonly (readonly [address: number, ...words: number[]])[];

/** What a device is told, what must come over the wire for it, in this order, and what is read back from it then. */
interface Told {
  readonly setpoint: Setpoint;
  readonly leaseS: number;
  readonly writes: Writes;
  readonly outcome: string;
}

/** A device as its registers lie, and what its profile makes of each thing it is told. */
interface Device {
  readonly registers: () => UnitRegisters;
  /** Other unit ids of the same host. */
  readonly beside?: Readonly<Record<number, UnitRegisters>>;
  readonly told: Readonly<Record<string, Told>>;
  readonly released: Writes;
}

export const battery = (powerW: number): Setpoint => ({ kind: 'battery-power', powerW });
export const sunLimit = (maxW: number): Setpoint => ({ kind: 'pv-limit', maxW });
export const loadLimit = (maxW: number): Setpoint => ({ kind: 'load-limit', maxW });
export const generator = (run: boolean): Setpoint => ({ kind: 'generator', run, powerW: 20_000 });

const [ENGINE, STOPPED, PRE_START, COOLING] = [1408, 0, 1, 4];

/** A controller in Auto that obeys the two keys of telemetry at once. */
export const genset = (): UnitRegisters => {
  const registers = unitRegisters({ 772: [1], [ENGINE]: [STOPPED], 4098: [0xc000], 4104: [0, 0] });
  registers.onWrite = (_, [key]) => {
    if (key === 35_732) registers.holding.set(ENGINE, PRE_START);
    if (key === 35_733) registers.holding.set(ENGINE, COOLING);
  };
  return registers;
};

const [SETPOINT, NO_CHARGE, NO_FEED_IN, EXTERNAL] = [37, 38, 39, 252];
export const [STATE, PASSES_THROUGH] = [31, 8];

/** An inverter/charger that follows its setpoint, and passes the grid through once it may neither charge nor feed in. */
export const multiplus = (): UnitRegisters => {
  const registers = unitRegisters({ 28: [1, 0, 555, PASSES_THROUGH, 0, 3], [SETPOINT]: [0, 1, 1] });
  registers.onWrite = () => {
    const idle = registers.holding.get(NO_CHARGE) === 1 && registers.holding.get(NO_FEED_IN) === 1;
    registers.holding.set(STATE, idle ? PASSES_THROUGH : EXTERNAL);
  };
  return registers;
};

/** Rated 12 kW, words low first; in remote mode nothing but what the factory set. */
export const deye = (): UnitRegisters => unitRegisters({ 20: [0xd4c0, 1], 1100: [0, 0xffff, 0, 0, 0, 2, 0, 0, 0, 0] });

const [FAILSAFE_MA, FAILSAFE_S] = [5_016, 5_018];

/** A station that shows its failsafe settings in other registers than it takes them in. */
export const keba = (): UnitRegisters => {
  const registers = unitRegisters({ 1040: [0, 0], 1600: [0, 0, 0, 0], 5_004: [0], 5_014: [0], [FAILSAFE_MA]: [0], [FAILSAFE_S]: [0] });
  registers.onWrite = (address, [value]) => {
    if (address === FAILSAFE_MA) registers.holding.set(1_601, value!);
    if (address === FAILSAFE_S) registers.holding.set(1_603, value!);
  };
  return registers;
};

/** Every device whose profile has commands, as it is before it is told anything. */
export const DEVICES: Readonly<Record<string, Device>> = {
  'huawei-sun2000': {
    registers: () => unitRegisters({ 47_083: [0], 47_100: [2], 47_246: [1, 0, 0, 0, 0] }),
    told: {
      charge: {
        setpoint: battery(-2_500),
        leaseS: 121,
        writes: [
          [47_247, 0, 2_500],
          [47_083, 3],
          [47_246, 0],
          [47_100, 1],
        ],
        outcome: 'confirmed',
      },
      discharge: {
        setpoint: battery(70_000),
        leaseS: 120,
        writes: [
          [47_249, 1, 4_464],
          [47_083, 2],
          [47_246, 0],
          [47_100, 2],
        ],
        outcome: 'confirmed',
      },
      'rest, which it cannot': {
        setpoint: battery(0),
        leaseS: 120,
        writes: [
          [47_100, 0],
          [47_249, 0, 0],
          [47_083, 0],
          [47_246, 0],
        ],
        outcome: 'refused',
      },
    },
    released: [
      [47_100, 0],
      [47_249, 0, 0],
      [47_083, 0],
      [47_246, 0],
    ],
  },
  'sungrow-sh': {
    registers: () => unitRegisters({ 13_049: [0, 0xcc, 0], 13_079: [0], 13_088: [0x55, 1_000] }, { 5000: [100] }),
    told: {
      charge: {
        setpoint: battery(-2_500),
        leaseS: 120,
        writes: [
          [13_051, 2_500],
          [13_079, 120],
          [13_050, 0xaa],
          [13_049, 3],
        ],
        outcome: 'confirmed',
      },
      discharge: {
        setpoint: battery(3_000),
        leaseS: 5_000,
        writes: [
          [13_051, 3_000],
          [13_079, 1_000],
          [13_050, 0xbb],
          [13_049, 3],
        ],
        outcome: 'confirmed',
      },
      rest: {
        setpoint: battery(0),
        leaseS: 60,
        writes: [
          [13_051, 0],
          [13_079, 60],
          [13_050, 0xcc],
          [13_049, 3],
        ],
        outcome: 'confirmed',
      },
      'hold its terminal to a limit': {
        setpoint: sunLimit(3_456),
        leaseS: 60,
        writes: [
          [13_089, 345],
          [13_088, 0xaa],
        ],
        outcome: 'confirmed',
      },
    },
    released: [
      [13_088, 0x55],
      [13_089, 1_000],
      [13_049, 0],
      [13_050, 0xcc],
    ],
  },
  'goodwe-et': {
    registers: () => unitRegisters({ 47_511: [1, 0] }),
    told: {
      charge: {
        setpoint: battery(-2_500),
        leaseS: 120,
        writes: [
          [47_512, 2_500],
          [47_511, 11],
        ],
        outcome: 'confirmed',
      },
      discharge: {
        setpoint: battery(3_000),
        leaseS: 120,
        writes: [
          [47_512, 3_000],
          [47_511, 12],
        ],
        outcome: 'confirmed',
      },
      rest: {
        setpoint: battery(0),
        leaseS: 120,
        writes: [
          [47_512, 0],
          [47_511, 8],
        ],
        outcome: 'confirmed',
      },
    },
    released: [
      [47_511, 1],
      [47_512, 0],
    ],
  },
  'deye-sg04lp3': {
    registers: deye,
    told: {
      charge: {
        setpoint: battery(-3_000),
        leaseS: 60,
        writes: [
          [1_101, 60],
          [1_104, 1],
          [1_105, 2],
          [1_109, -250 & 0xffff],
          [1_100, 1],
        ],
        outcome: 'confirmed',
      },
      discharge: {
        setpoint: battery(1_000),
        leaseS: 40_000,
        writes: [
          [1_101, 18_000],
          [1_104, 1],
          [1_105, 2],
          [1_109, 83],
          [1_100, 1],
        ],
        outcome: 'confirmed',
      },
      rest: {
        setpoint: battery(0),
        leaseS: 60,
        writes: [
          [1_101, 60],
          [1_104, 1],
          [1_105, 2],
          [1_109, 0],
          [1_100, 1],
        ],
        outcome: 'confirmed',
      },
    },
    released: [
      [1_100, 0],
      [1_109, 0],
    ],
  },
  'victron-multiplus': {
    registers: multiplus,
    beside: { 100: unitRegisters({ 2902: [3] }) },
    told: {
      charge: {
        setpoint: battery(-2_500),
        leaseS: 60,
        writes: [
          [SETPOINT, 2_500],
          [NO_CHARGE, 0],
          [NO_FEED_IN, 0],
        ],
        outcome: 'confirmed',
      },
      discharge: {
        setpoint: battery(3_000),
        leaseS: 60,
        writes: [
          [SETPOINT, -3_000 & 0xffff],
          [NO_CHARGE, 0],
          [NO_FEED_IN, 0],
        ],
        outcome: 'confirmed',
      },
      rest: {
        setpoint: battery(0),
        leaseS: 60,
        writes: [
          [SETPOINT, 0],
          [NO_CHARGE, 0],
          [NO_FEED_IN, 0],
        ],
        outcome: 'confirmed',
      },
    },
    released: [
      [NO_CHARGE, 1],
      [NO_FEED_IN, 1],
      [SETPOINT, 0],
    ],
  },
  'keba-kecontact': {
    registers: keba,
    told: {
      'draw no more than this': {
        setpoint: loadLimit(4_200),
        leaseS: 60,
        writes: [
          [5_016, 32_000],
          [5_018, 60],
          [5_004, 6_086],
          [5_014, 1],
        ],
        outcome: 'confirmed',
      },
      'draw nothing': {
        setpoint: loadLimit(0),
        leaseS: 700,
        writes: [
          [5_016, 32_000],
          [5_018, 600],
          [5_014, 0],
        ],
        outcome: 'confirmed',
      },
      'draw less than it can': {
        setpoint: loadLimit(4_000),
        leaseS: 60,
        writes: [
          [5_016, 32_000],
          [5_018, 60],
          [5_014, 0],
        ],
        outcome: 'confirmed',
      },
    },
    released: [
      [5_004, 63_000],
      [5_014, 1],
      [5_018, 0],
    ],
  },
  'deep-sea-gencomm': {
    registers: genset,
    told: {
      run: { setpoint: generator(true), leaseS: 60, writes: [[4_104, 35_732, 29_803]], outcome: 'confirmed' },
      stop: { setpoint: generator(false), leaseS: 60, writes: [[4_104, 35_733, 29_802]], outcome: 'confirmed' },
    },
    released: [[4_104, 35_733, 29_802]],
  },
};
