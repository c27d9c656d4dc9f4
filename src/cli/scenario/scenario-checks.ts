import type { DurationMs } from '../../kernel/units.js';
import { HOUR_MS, SECOND_MS } from '../../kernel/units.js';
import type { Expectation, ExpectationOf, Scenario } from './scenario-file.js';
import type { Moment, Recording } from './scenario-run.js';

/** What became of one expectation: `found` in figures, and whether that is as expected. */
export interface Finding {
  readonly expects: string;
  readonly found: string;
  readonly holds: boolean;
}

interface Bounds {
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
}

/** Holds what a scenario expects against what was seen. */
export const findingsOf = (scenario: Scenario, recording: Recording): Finding[] =>
  scenario.expect.map((expectation) => findingOf(expectation, scenario, recording));

const findingOf = (expectation: Expectation, scenario: Scenario, recording: Recording): Finding => {
  if ('power' in expectation) return power(expectation, scenario, recording);
  if ('settles' in expectation) return settling(expectation, recording);
  if ('socPct' in expectation) {
    const values = during(expectation, recording).map(({ socPct }) => socPct[expectation.socPct]!);
    return bounded(`charge of ${expectation.socPct}`, '%', values, expectation, 1);
  }
  if ('shared' in expectation) {
    const key = expectation.shared === 'wanted' ? 'wantedW' : 'givenW';
    const values = during(expectation, recording).map(({ shared }) => Math.abs(shared?.[key] ?? 0));
    return bounded(`power ${expectation.shared}`, 'W', values, expectation);
  }
  if ('owner' in expectation)
    return words(
      `${expectation.owner} held by`,
      expectation.is,
      expectation,
      recording,
      ({ owners }) => owners[expectation.owner] ?? 'nobody',
    );
  if ('reason' in expectation)
    return words(
      `${expectation.reason} says`,
      expectation.says,
      expectation,
      recording,
      ({ reasons }) => reasons[expectation.reason] ?? '',
    );
  if ('starts' in expectation)
    return bounded(`starts of ${expectation.starts}`, '', [recording.starts.get(expectation.starts) ?? 0], expectation);
  const hours = scenario.for / HOUR_MS;
  const counts = [...recording.writes].filter(([id]) => expectation.writes === 'every' || id === expectation.writes);
  return bounded(
    `writes an hour to ${expectation.writes}`,
    '',
    counts.map(([, count]) => count / hours),
    { atMost: expectation.perHour },
  );
};

const during = ({ from, to = Infinity }: { from: DurationMs; to?: DurationMs | undefined }, { moments }: Recording): Moment[] =>
  moments.filter(({ atMs }) => atMs > from && atMs <= to);

const bounded = (
  what: string,
  unit: string,
  values: readonly number[],
  { atLeast = -Infinity, atMost = Infinity }: Bounds,
  digits = 0,
): Finding => {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const bounds = [...(atLeast > -Infinity ? [`at least ${atLeast}`] : []), ...(atMost < Infinity ? [`at most ${atMost}`] : [])];
  return {
    expects: `${what} ${bounds.join(' and ')} ${unit}`.trim(),
    found: values.length === 0 ? 'nothing' : `${least.toFixed(digits)} to ${most.toFixed(digits)} ${unit}`.trim(),
    holds: values.length > 0 && least >= atLeast && most <= atMost,
  };
};

const power = (expectation: ExpectationOf<'power'>, { cycle }: Scenario, recording: Recording): Finding => {
  const values = during(expectation, recording).map(({ powersW }) => powersW[expectation.power]!);
  const count = Math.max(1, Math.round((expectation.mean ?? 0) / cycle));
  const means = values
    .slice(count - 1)
    .map((_, index) => values.slice(index, index + count).reduce((sum, value) => sum + value, 0) / count);
  const of = expectation.mean === undefined ? '' : `, mean of ${expectation.mean / SECOND_MS} s,`;
  return bounded(`${expectation.power}${of}`, 'W', means, expectation);
};

const words = (
  what: string,
  wanted: string,
  times: { from: DurationMs; to?: DurationMs | undefined },
  recording: Recording,
  of: (moment: Moment) => string,
): Finding => {
  const said = during(times, recording).map(of);
  const others = [...new Set(said.filter((one) => !one.includes(wanted)))];
  return {
    expects: `${what} "${wanted}"`,
    found:
      others.length === 0
        ? `"${wanted}"`
        : others
            .slice(0, 2)
            .map((one) => `"${one}"`)
            .join(' and '),
    holds: said.length > 0 && others.length === 0,
  };
};

/** A step is settled from the moment on after which nothing leaves the band any more. */
const settling = (expectation: ExpectationOf<'settles'>, recording: Recording): Finding => {
  const { settles, from, toW, bandW, within, stepW, overshootPct } = expectation;
  const off = during(expectation, recording).map(({ atMs, powersW }) => ({ atMs, offW: powersW[settles]! - toW }));
  const outside = off.filter(({ offW }) => Math.abs(offW) > bandW);
  const afterMs = outside.length === 0 ? 0 : outside.at(-1)!.atMs - from;
  const side = Math.sign(outside[0]?.offW ?? 1);
  const overshoot = (100 * Math.max(0, ...off.map(({ offW }) => -side * offW))) / stepW;
  return {
    expects: `${settles} at ${toW} ± ${bandW} W within ${within / SECOND_MS} s for good, overshoot under ${overshootPct} %`,
    found: `${afterMs / SECOND_MS} s, ${overshoot.toFixed(1)} %`,
    holds: off.length > 0 && afterMs <= within && overshoot <= overshootPct,
  };
};
