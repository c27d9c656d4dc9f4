import type { Deed, Reason, ReasonCode } from './reason.js';

/** How moments and money are written. */
export interface Words {
  readonly currency: string;
  readonly time: (atMs: number) => string;
}

const DEED_WORDS: Readonly<Record<Deed, string>> = {
  charges: 'charges',
  discharges: 'discharges',
  rests: 'rests',
  runs: 'runs',
  stands: 'stands',
  gives: 'gives',
  'is-held-back': 'is held back',
  draws: 'draws',
  waits: 'waits',
};

/** A reason as a sentence for a grid engineer; `powersW` is what the device does at the steps it holds for. */
export const sentence = (reason: Reason, powersW: readonly number[], words: Words): string =>
  `${DEED_WORDS[reason.does]}${powerWords(powersW)}: ${SAYINGS[reason.code](spoken(reason, words))}`;

const powerWords = (powersW: readonly number[]): string => {
  const kilowatts = powersW.map((powerW) => (Math.abs(powerW) / 1_000).toFixed(2));
  const [least, most] = [kilowatts, kilowatts].map(
    (all, last) => all.toSorted((a, b) => (last ? Number(b) - Number(a) : Number(a) - Number(b)))[0]!,
  );
  if (most === '0.00' || most === undefined) return '';
  return least === most ? ` ${most} kW` : ` ${least} to ${most} kW`;
};

interface Spoken extends Reason {
  readonly price: string;
  readonly other: string;
  readonly at: string;
  readonly beyond: string;
  readonly name: string;
}

const spoken = (reason: Reason, { currency, time }: Words): Spoken => {
  const money = (micro: number | undefined): string => (micro === undefined ? '' : `${(micro / 1e6).toFixed(4)} ${currency}`);
  return {
    ...reason,
    price: money(reason.microPerKwh),
    other: money(reason.otherMicroPerKwh),
    at: reason.otherMs === undefined ? '' : ` at ${time(reason.otherMs)}`,
    beyond: reason.beyondW === undefined ? '' : `${(reason.beyondW / 1_000).toFixed(2)} kW`,
    name: reason.subject ?? '',
  };
};

const limit =
  (what: string) =>
  ({ beyond }: Spoken): string =>
    beyond === '' ? `${what} leaves no room` : `${what} would be passed by ${beyond} otherwise`;

const SAYINGS: Readonly<Record<ReasonCode, (spoken: Spoken) => string>> = {
  recovery: () => 'its energy is outside its range and is brought back',
  event: ({ name, beyond }) => `it serves event ${name}${beyond === '' ? '' : `, which gets ${beyond}`}`,
  'import-limit': limit('the import limit of its site'),
  'export-limit': limit('the export limit of its site'),
  'feeder-limit': ({ name, beyond }) =>
    `the limit of ${name === 'fleet' ? 'the fleet' : `feeder ${name}`} would be passed by ${beyond} otherwise`,
  'load-limit': () => 'the operator lets the loads of its site take no more',
  'inverter-limit': limit('what its inverter can pass'),
  'demand-charge': ({ beyond }) => `the site's highest import would rise by ${beyond} otherwise, and be charged for`,
  override: ({ name }) => `${name === '' ? 'a person' : name} has set it so by hand`,
  'must-run': () => 'it has to run',
  reserve: ({ name, beyond }) =>
    beyond === '' ? `its room is kept for reserve ${name}` : `reserve ${name} would lack ${beyond} without it`,
  'reserve-floor': ({ at }) => (at === '' ? 'what is left is kept back for its household' : `its household keeps back more${at}`),
  'energy-target': ({ at }) => `it has to have what is wanted${at}`,
  'charge-demand': () => 'so much is to be charged in this step',
  'load-energy': () => 'it needs all the time that is left to have its energy',
  'minimum-up-time': ({ does, at }) =>
    does === 'runs'
      ? `its minimum up time ends${at}`
      : `once started it would have to run on${at === '' ? '' : ` until its minimum up time ends${at}`}, at a loss`,
  'minimum-down-time': ({ at }) => `its minimum down time ends${at}`,
  'minimum-power': ({ beyond, price, other }) =>
    price === ''
      ? `its least power would pass a limit${beyond === '' ? '' : ` by ${beyond}`}`
      : `less is needed than its least power: a kWh would cost ${price} and bring ${other}`,
  'warm-up': ({ at }) => `it warms up and gives its full power from${at.replace(' at', '')} on`,
  'start-up-ramp': ({ at }) => `it climbs by its ramp for what it gains${at}`,
  'shut-down-ramp': () => 'it is still too high to stop, and comes down by its ramp',
  'start-cost': ({ does }) =>
    does === 'runs' ? 'stopping now and starting again would cost more' : 'what it could gain would not pay for the start',
  budget: () => 'what it may use up is used up',
  unavailable: () => 'it is not available',
  empty: () => 'it is empty',
  full: () => 'it is full',
  satisfied: () => 'it has what it wants',
  'out-of-time': () => 'it is outside its time',
  'self-consumption': ({ does, price, other, at }) => {
    if (does === 'charges') return `it keeps surplus that would bring ${price} for load that would cost ${other}${at}`;
    if (does === 'draws') return `it takes surplus that would bring ${price}`;
    return `it serves the site's own load, where a kWh would cost ${price}${at === '' ? '' : `; it was stored at ${other}${at}`}`;
  },
  'negative-price': ({ price }) => `a kWh is worth ${price} here, less than nothing`,
  'price-spread': ({ does, price, other, at }) => {
    if (does === 'charges') return `a kWh costs ${price} now and is worth ${other}${at}`;
    if (does === 'discharges') return `a kWh earns ${price} now; it was ${at === '' ? 'worth' : 'stored at'} ${other}${at}`;
    if (does === 'rests') return `a kWh is worth ${price} now and ${other}${at}`;
    if (does === 'draws') return `a kWh costs ${price} now, no more than ${other}${at}`;
    if (does === 'waits') return `a kWh costs ${price} now and ${other}${at}`;
    return `a kWh of it costs ${price}; elsewhere it ${does === 'runs' ? 'would cost' : 'costs'} ${other}`;
  },
  'value-at-end': ({ price, other }) => `a kWh is worth ${price} now and counts ${other} at the end of the plan`,
  sold: ({ price }) => `what the site does not need earns ${price}`,
  'no-sun': () => 'there is no sun',
  'no-gain': ({ price, other }) => `a kWh is worth ${price} now, which does not pay for its wear of ${other}`,
  'merit-order': () => 'the plan goes by merit order: sun, then battery, then grid',
  indifferent: () => 'no other course would be cheaper by more than the gap allows',
};
