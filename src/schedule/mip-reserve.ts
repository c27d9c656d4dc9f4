import { floorWhOf } from './battery-problem.js';
import type { Term } from './linear-model.js';
import { type BatteryColumns, mayLeaveRange } from './mip-battery.js';
import { type ModelContext, PENALTIES } from './mip-context.js';
import type { GeneratorColumns, ReserveWishes } from './mip-generator-columns.js';
import type { SiteColumns } from './mip-site.js';
import { atStep, type ReserveProblem } from './problem.js';
import { lastingHours, reserveLimitW } from './reserve-held.js';

const takesPart = ({ siteIds, powerW }: ReserveProblem, siteId: string, step: number): boolean =>
  (siteIds?.includes(siteId) ?? true) && atStep(powerW, step) > 0;

/** Which reserves the devices of a site are asked for. */
export const reservesAt = ({ problem }: ModelContext, siteId: string): ReserveWishes => {
  const wanted = (direction: ReserveProblem['direction']) => (step: number) =>
    problem.reserves.some((reserve) => reserve.direction === direction && takesPart(reserve, siteId, step));
  return { up: wanted('up'), down: wanted('down') };
};

interface Columns {
  readonly sites: readonly SiteColumns[];
  readonly batteries: readonly BatteryColumns[];
  readonly generators: readonly GeneratorColumns[];
}

/** What is held at all sites together covers each reserve, softened. */
export const reserveRows = (context: ModelContext, columns: Columns): void => {
  const { problem, model, hours, gravity, unitW } = context;
  for (const reserve of problem.reserves)
    hours.forEach((hour, step) => {
      const wanted = atStep(reserve.powerW, step) / unitW;
      if (wanted === 0) return;
      const held = problem.sites.flatMap((_, s) => siteReserve(context, columns, reserve, s, step));
      const short = model.column(0, Infinity, PENALTIES.reserve * gravity * hour);
      model.row(wanted, Infinity, [...held, [short, 1]]);
    });
};

/** Terms of what one site holds, kept within its inverter and its connection. */
const siteReserve = (context: ModelContext, columns: Columns, reserve: ReserveProblem, s: number, step: number): Term[] => {
  const { problem, model, unitW } = context;
  const site = problem.sites[s]!;
  if (!takesPart(reserve, site.id, step)) return [];
  const generators = columns.generators.flatMap(({ members, up, down }): readonly Term[] =>
    problem.generators[members[0]!]!.siteId === site.id ? (reserve.direction === 'up' ? up : down)[step]! : [],
  );
  const indexes = problem.batteries.flatMap(({ siteId }, b) => (siteId === site.id ? [b] : []));
  const batteries = indexes.map((b): Term => [batteryReserve(context, columns.batteries[b]!, reserve, b, step), 1]);
  const sign = reserve.direction === 'up' ? 1 : -1;
  if (site.inverterLimitW !== undefined && batteries.length > 0)
    model.row(-Infinity, site.inverterLimitW / unitW, [
      ...batteries,
      [columns.sites[s]!.sun[step]!, sign],
      ...indexes.flatMap((b): Term[] => [
        [columns.batteries[b]!.discharge[step]!, sign],
        [columns.batteries[b]!.charge[step]!, -sign],
      ]),
    ]);
  const limitW = reserveLimitW(
    indexes.map((b) => problem.batteries[b]!),
    site,
    step,
    reserve,
  );
  const held = [...generators, ...batteries];
  if (!Number.isFinite(limitW) || held.length === 0) return held;
  const passed = passedColumn(context, columns.sites[s]!, { limit: limitW / unitW, sign, step });
  model.row(0, Infinity, [...held, [passed, -1]]);
  return [[passed, 1]];
};

/** What passes a connection on top of what is planned: nothing where that is beyond the limit already. */
const passedColumn = (
  { model }: ModelContext,
  site: SiteColumns,
  { limit, sign, step }: { limit: number; sign: 1 | -1; step: number },
): number => {
  const given = [site.exported[step]!, ...site.exportedOver[step]!];
  const taken = [site.imported[step]!, ...site.importedOver[step]!];
  const [flow, back] = sign > 0 ? [given, taken] : [taken, given];
  const most = (columns: readonly number[]): number => columns.reduce((sum, column) => sum + model.upperOf(column), 0);
  const passed = model.column(0, limit + most(back));
  const beyond = most(flow) > limit ? model.binary() : undefined;
  model.row(-Infinity, limit, [
    [passed, 1],
    ...flow.map((column): Term => [column, 1]),
    ...back.map((column): Term => [column, -1]),
    ...(beyond === undefined ? [] : [[beyond, -most(flow)] as Term]),
  ]);
  if (beyond !== undefined)
    model.row(-Infinity, limit + most(back), [
      [passed, 1],
      [beyond, limit + most(back)],
    ]);
  return passed;
};

/** Room of one battery: power that is left, and energy that lasts at both ends of the step. */
const batteryReserve = (context: ModelContext, columns: BatteryColumns, reserve: ReserveProblem, b: number, step: number): number => {
  const { problem, model, unitW } = context;
  const battery = problem.batteries[b]!;
  const hours = lastingHours(reserve.durationS);
  const up = reserve.direction === 'up';
  const powerW = atStep(up ? battery.maxDischargeW : battery.maxChargeW, step) / unitW;
  const held = model.column(0, Infinity);
  const [more, less] = up ? [columns.discharge[step]!, columns.charge[step]!] : [columns.charge[step]!, columns.discharge[step]!];
  model.row(-Infinity, powerW, [
    [held, 1],
    [more, 1],
    [less, -1],
  ]);
  const perUnit = up ? hours / battery.dischargeEfficiency : hours * battery.chargeEfficiency;
  const bound = (up ? -floorWhOf(battery, step) : battery.maxEnergyWh) / unitW;
  // Outside its range a battery holds nothing; its energy must then not be forced back.
  const site = problem.sites.find(({ id }) => id === battery.siteId)!;
  const none = mayLeaveRange(context, battery, site) ? model.binary() : undefined;
  const slack: Term[] = none === undefined ? [] : [[none, -battery.capacityWh / unitW]];
  const rows = (energy: Term[], constant: number): void =>
    model.row(-Infinity, bound - constant, [[held, perUnit], ...energy.map(([column, c]): Term => [column, up ? -c : c]), ...slack]);
  rows([[columns.energy[step]!, 1]], 0);
  if (step > 0) rows([[columns.energy[step - 1]!, 1]], 0);
  else rows([], ((up ? -1 : 1) * battery.initialEnergyWh) / unitW);
  if (none !== undefined) {
    const most = (atStep(battery.maxDischargeW, step) + atStep(battery.maxChargeW, step)) / unitW;
    model.row(-Infinity, most, [
      [held, 1],
      [none, most],
    ]);
  }
  return held;
};
