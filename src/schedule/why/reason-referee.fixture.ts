import { atStep, type PlanningProblem } from '../problem.js';
import type { Schedule } from '../schedule.js';
import type { DeviceReasons, Reason } from './reason.js';

/**
 * Holds reasons against the plan with arithmetic of its own: what each claims has to be seen in the plan's numbers. Answers what
 * contradicts it.
 */
export const contradictions = (problem: PlanningProblem, plan: Schedule, devices: readonly DeviceReasons[]): string[] =>
  devices.flatMap((device) =>
    device.steps.flatMap((reason, step) => {
      const says = claims(problem, plan, device, reason, step).filter(([holds]) => !holds);
      return says.map(([, what]) => `${device.kind} ${device.id} step ${step}: ${reason.does} for ${reason.code}, but ${what}`);
    }),
  );

type Claim = readonly [holds: boolean, what: string];

const SLACK_W = 5;

interface Facts {
  readonly siteId: string;
  readonly powerW: number;
  readonly gridW: number;
  readonly slackW: number;
}

const factsOf = (plan: Schedule, { kind, id }: DeviceReasons, step: number): Facts => {
  const battery = plan.batteries.find(({ batteryId }) => kind === 'battery' && batteryId === id);
  const generator = plan.generators.find(({ generatorId }) => kind === 'generator' && generatorId === id);
  const load = plan.loads.find(({ loadId }) => kind === 'load' && loadId === id);
  const siteId = (battery ?? generator ?? load)?.siteId ?? id;
  const site = plan.sites.find((one) => one.siteId === siteId)!;
  const powerW = battery?.powerW[step] ?? generator?.powerW[step] ?? load?.drawW[step] ?? site.pvW[step]!;
  const largestW = Math.max(0, ...plan.sites.flatMap(({ loadW }) => loadW));
  return { siteId, powerW, gridW: site.gridW[step]!, slackW: Math.max(SLACK_W, 1e-5 * largestW) };
};

const claims = (problem: PlanningProblem, plan: Schedule, device: DeviceReasons, reason: Reason, step: number): Claim[] => {
  const facts = factsOf(plan, device, step);
  return [
    ...deedClaims(plan, device, reason, step, facts),
    ...codeClaims(problem, plan, device, reason, step, facts),
    ...priceClaims(reason),
  ];
};

const deedClaims = (plan: Schedule, { id, kind }: DeviceReasons, { does }: Reason, step: number, { powerW, slackW }: Facts): Claim[] => {
  const on = plan.generators.find(({ generatorId }) => generatorId === id)?.on[step];
  const left = kind === 'sun' ? plan.sites.find(({ siteId }) => siteId === id)!.curtailedW[step]! : 0;
  const right: Readonly<Record<Reason['does'], boolean>> = {
    charges: powerW < 0,
    discharges: powerW > 0,
    rests: Math.abs(powerW) <= slackW,
    runs: on === true,
    stands: on === false,
    gives: left <= slackW,
    'is-held-back': left > slackW,
    draws: powerW > slackW,
    waits: powerW <= slackW,
  };
  return [[right[does], `its power is ${powerW}`]];
};

const TAKES: ReadonlySet<Reason['does']> = new Set(['charges', 'draws', 'waits']);

const codeClaims = (
  problem: PlanningProblem,
  plan: Schedule,
  { id, kind }: DeviceReasons,
  { code, subject, does, beyondW = 0 }: Reason,
  step: number,
  { siteId, powerW, gridW, slackW }: Facts,
): Claim[] => {
  const site = problem.sites.find((one) => one.id === siteId)!;
  const battery = problem.batteries.find((one) => kind === 'battery' && one.id === id);
  const generator = problem.generators.find((one) => kind === 'generator' && one.id === id);
  const storedWh =
    battery && (step === 0 ? battery.initialEnergyWh : plan.batteries.find(({ batteryId }) => batteryId === id)!.energyWh[step - 1]!);
  const curtailedW = plan.sites.find((one) => one.siteId === siteId)!.curtailedW[step]!;
  const askedW = battery?.override?.powerW[step] ?? powerW;
  const turnedW = kind === 'sun' ? curtailedW : Math.max(Math.abs(powerW), Math.abs(powerW - askedW));
  const atFloor = (): Claim[] => {
    return does === 'rests'
      ? [
          [
            storedWh! <= Math.max(battery!.minEnergyWh, Math.min(battery!.maxEnergyWh, atStep(battery!.reserveFloorWh, step))) + 3,
            'there is more in it',
          ],
        ]
      : [];
  };
  const claimsOf: Partial<Record<Reason['code'], () => Claim[]>> = {
    event: () => {
      const event = problem.events.find((one) => one.id === subject);
      const { startMs, endMs } = plan.steps[step]!;
      return [
        [event !== undefined && event.startMs < endMs && event.endMs > startMs, 'there is no such event then'],
        [event?.siteIds?.includes(siteId) ?? true, 'its site takes no part'],
        [event?.direction === (['charges', 'draws', 'is-held-back'].includes(does) ? 'down' : 'up'), 'the event is the other way'],
      ];
    },
    'import-limit': () => {
      return does === 'waits'
        ? [[beyondW > 0, 'nothing would be passed']]
        : [[gridW + turnedW > atStep(site.importLimitW ?? Infinity, step), 'the limit would hold without it']];
    },
    'export-limit': () => [[turnedW - gridW > atStep(site.exportLimitW ?? Infinity, step), 'the limit would hold without it']],
    override: () => handClaims(problem, { id, kind, siteId, powerW, slackW }, subject, step),
    'load-limit': () => [[site.takenLimitW !== undefined || site.dimmedW !== undefined, 'nobody limits its loads']],
    'warm-up': () => [[generator!.warmUpS > 0, 'it has none']],
    'minimum-up-time': () => [[generator!.minUpS > 0, 'it has none']],
    'minimum-down-time': () => [[generator!.minDownS > 0, 'it has none']],
    'must-run': () => [[atStep(generator!.mustRun, step), 'it need not']],
    unavailable: () => {
      return [
        [
          generator
            ? !atStep(generator.available, step)
            : atStep(battery!.maxChargeW, step) <= slackW && atStep(battery!.maxDischargeW, step) <= slackW,
          'it is available',
        ],
      ];
    },
    empty: atFloor,
    'reserve-floor': atFloor,
    full: () => [[storedWh! >= battery!.maxEnergyWh - 3, 'it has room']],
    'self-consumption': () => [[TAKES.has(does) || gridW >= -slackW, 'the site gives to the grid']],
    sold: () => [[gridW < 0, 'the site takes from the grid']],
    'merit-order': () => [[plan.status === 'fallback', 'the plan is no fallback']],
    indifferent: () => [[plan.status !== 'fallback', 'the plan is a fallback']],
  };
  return claimsOf[code]?.() ?? [];
};

/** What a person is said to have set was set, and by that person. */
const handClaims = (
  problem: PlanningProblem,
  { id, kind, siteId, powerW, slackW }: Pick<DeviceReasons, 'id' | 'kind'> & Omit<Facts, 'gridW'>,
  subject: string | undefined,
  step: number,
): Claim[] => {
  if (kind === 'sun') {
    const held = problem.sites.find((one) => one.id === siteId)!.pvOverride;
    return [
      [(held?.maxW[step] ?? null) !== null, 'nobody holds its sun'],
      [held?.by === subject, 'another has set it'],
    ];
  }
  if (kind === 'load') {
    const held = problem.flexibleLoads.find((one) => one.id === id)!.override;
    const letW = held?.maxW[step] ?? null;
    return [
      [letW !== null, 'nobody holds it'],
      [held?.by === subject, 'another has set it'],
      [powerW <= (letW ?? 0) + slackW, 'it draws more'],
    ];
  }
  const override = (kind === 'battery' ? problem.batteries : problem.generators).find((one) => one.id === id)?.override;
  const wantedW = override?.powerW[step] ?? null;
  return [
    [wantedW !== null, 'nobody has set it'],
    [override?.by === subject, 'another has set it'],
    [powerW * (wantedW ?? 0) >= 0 || Math.abs(powerW) <= slackW, 'it does the contrary'],
  ];
};

/** Prices that are told must speak for the deed. */
const priceClaims = ({ does, code, microPerKwh, otherMicroPerKwh }: Reason): Claim[] => {
  if (code === 'negative-price') return [[(microPerKwh ?? 0) < 0, 'the price is not below nothing']];
  if (code !== 'price-spread' || microPerKwh === undefined || otherMicroPerKwh === undefined) return [];
  const atMost = microPerKwh <= otherMicroPerKwh + 50;
  const atLeast = microPerKwh >= otherMicroPerKwh - 50;
  const right: Partial<Record<Reason['does'], boolean>> = {
    charges: atMost,
    rests: atMost,
    draws: atMost,
    runs: atMost,
    waits: atLeast,
    stands: atLeast,
    discharges: atLeast,
  };
  return [[right[does] ?? true, `${microPerKwh} does not speak for it against ${otherMicroPerKwh}`]];
};
