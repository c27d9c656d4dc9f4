import { atStep, type PlanningProblem } from '../../../schedule/problem.js';
import { BREACH_UNITS, type Schedule } from '../../../schedule/schedule.js';
import { escaped, minute, plain } from './axes.js';
import { barsSvg, type ChartSeries, type Panel, panelSvg, type Row } from './panels.js';
import { STYLE } from './style.js';

/** So many batteries have a line of their own; more are told by the emptiest, the mean and the fullest. */
const OWN_LINES = 8;
const MOST_ROWS = 60;

/** A plan as a page of its own: power, prices, stored energy, what runs, and the tables behind it. Needs no network. */
export const planChart = (problem: PlanningProblem, plan: Schedule, title: string): string => {
  const panels = [powerPanel(plan), ...pricePanel(problem, plan), ...storePanel(problem, plan)].map((panel) => panelSvg(panel, plan.steps));
  const rows = runRows(problem, plan);
  const bars = rows.length > 0 ? [barsSvg('What runs, and how hard (UTC)', rows.slice(0, MOST_ROWS), plan.steps)] : [];
  const more = rows.length > MOST_ROWS ? `<p>${rows.length - MOST_ROWS} more are not drawn.</p>` : '';
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title>
<style>${STYLE}</style></head>
<body><main>
<h1>${escaped(title)}</h1>
<p>${escaped(summary(plan))}</p>
${[...panels, ...bars].map((svg) => `<figure>${svg}</figure>`).join('\n')}
${more}
${costTable(plan)}
${breachTable(plan)}
${stepTable(plan)}
</main></body>
</html>
`;
};

const summary = ({ steps, status, solver, reason, costMicro, currency, gap }: Schedule): string => {
  const proven = gap === undefined ? '' : `, gap ${(gap * 100).toFixed(3)} %`;
  const span = `${minute(steps[0]!.startMs)} to ${minute(steps.at(-1)!.endMs)} UTC, ${steps.length} steps`;
  return `${span}. Cost ${(costMicro / 1e6).toFixed(4)} ${currency}; ${status} by ${solver}${reason ? ` (${reason})` : ''}${proven}.`;
};

const sumOf = (plan: Schedule, series: readonly (readonly number[])[]): number[] =>
  plan.steps.map((_, step) => series.reduce((sum, values) => sum + values[step]!, 0));

const largest = (series: readonly (readonly number[])[]): number =>
  series.reduce((most, values) => values.reduce((max, value) => Math.max(max, Math.abs(value)), most), 0);

/** What flows into the sites' buses above zero, what flows out of them below. */
const powerPanel = (plan: Schedule): Panel => {
  const sun = sumOf(
    plan,
    plan.sites.map(({ pvW }) => pvW),
  );
  const battery = sumOf(
    plan,
    plan.batteries.map(({ powerW }) => powerW),
  );
  const generator = sumOf(
    plan,
    plan.generators.map(({ powerW }) => powerW),
  );
  const grid = sumOf(
    plan,
    plan.sites.map(({ gridW }) => gridW),
  );
  const load = sumOf(
    plan,
    plan.sites.map(({ loadW }) => loadW),
  );
  const flexible = sumOf(
    plan,
    plan.loads.map(({ drawW }) => drawW),
  );
  const left = sumOf(
    plan,
    plan.sites.map(({ curtailedW }) => curtailedW),
  );
  const mega = largest([sun, generator, grid, load]) >= 3e6;
  const scaled = (values: readonly number[]): number[] => values.map((value) => value / (mega ? 1e6 : 1e3));
  const layer = (name: string, flow: string, values: readonly number[]): ChartSeries[] =>
    values.some((value) => Math.abs(value) > 0.5) ? [{ name, flow, values: scaled(values), layer: true }] : [];
  const line = (name: string, flow: string, values: readonly number[], dashed = false): ChartSeries[] =>
    values.some((value) => Math.abs(value) > 0.5) ? [{ name, flow, values: scaled(values), dashed }] : [];
  return {
    title: 'Power by source; what flows out of the sites is below zero (UTC)',
    unit: mega ? 'MW' : 'kW',
    height: 340,
    series: [
      ...layer('generators', 'generator', generator),
      ...layer('sun', 'pv', sun),
      ...layer('batteries', 'battery', battery),
      ...layer('grid', 'grid', grid),
      ...line('load', 'load', load),
      ...line(
        'load with what can wait',
        'flexible',
        flexible.some((value) => value > 0.5) ? load.map((value, step) => value + flexible[step]!) : [],
        true,
      ),
      ...line(
        'sun with what is left on the roof',
        'pv',
        left.some((value) => value > 0.5) ? sun.map((value, step) => value + left[step]!) : [],
        true,
      ),
    ],
  };
};

const PRICES = ['grid', 'pv', 'generator', 'battery', 'load', 'flexible'];

/** Each different price series once, with the sites it is for. */
const pricePanel = (problem: PlanningProblem, plan: Schedule): Panel[] => {
  const seen = new Map<string, { values: number[]; sites: string[] }>();
  for (const [kind, field] of [
    ['import', 'importMicroPerKwh'],
    ['export', 'exportMicroPerKwh'],
  ] as const)
    for (const site of problem.sites) {
      const values = plan.steps.map((_, step) => atStep(site[field], step) / 1e6);
      const key = `${kind} ${values.join(' ')}`;
      const known = seen.get(key);
      if (known) known.sites.push(site.id);
      else seen.set(key, { values, sites: [site.id] });
    }
  const series = [...seen].slice(0, OWN_LINES).map(([key, { values, sites }], index): ChartSeries => {
    const kind = key.startsWith('import') ? 'import' : 'export';
    const whose = sites.length === problem.sites.length ? '' : sites.length > 2 ? ` of ${sites.length} sites` : ` of ${sites.join(', ')}`;
    return { name: `${kind}${whose}`, flow: PRICES[index % PRICES.length]!, values, dashed: kind === 'export' };
  });
  if (series.every(({ values }) => values.every((value) => value === 0))) return [];
  return [{ title: 'Prices', unit: `${plan.currency}/kWh`, series, height: 190 }];
};

const LINES = ['battery', 'grid', 'pv', 'generator', 'load', 'flexible'];

const storePanel = (problem: PlanningProblem, plan: Schedule): Panel[] => {
  if (plan.batteries.length === 0) return [];
  const pct = plan.batteries.map(({ energyWh }, b) => energyWh.map((stored) => (stored / problem.batteries[b]!.capacityWh) * 100));
  const among = (pick: (values: readonly number[]) => number): number[] =>
    plan.steps.map((_, step) => pick(pct.map((values) => values[step]!)));
  const series: ChartSeries[] =
    pct.length <= OWN_LINES
      ? pct.map((values, b) => ({ name: plan.batteries[b]!.batteryId, flow: LINES[b % LINES.length]!, values, dashed: b >= LINES.length }))
      : [
          { name: 'fullest', flow: 'battery', values: among((all) => Math.max(...all)), dashed: true },
          { name: `mean of ${pct.length}`, flow: 'battery', values: among((all) => all.reduce((sum, one) => sum + one, 0) / all.length) },
          { name: 'emptiest', flow: 'load', values: among((all) => Math.min(...all)), dashed: true },
        ];
  return [{ title: 'Energy stored at the end of each step, as a share of capacity', unit: '%', series, height: 210, least: 0, most: 100 }];
};

const runRows = (problem: PlanningProblem, plan: Schedule): Row[] => [
  ...plan.generators.map(({ generatorId, on, powerW }, g): Row => ({
    name: generatorId,
    flow: 'generator',
    share: on.map((runs, step) => (runs ? powerW[step]! / problem.generators[g]!.maxW : undefined)),
  })),
  ...plan.loads.map(({ loadId, drawW }, l): Row => ({
    name: loadId,
    flow: 'load',
    share: drawW.map((powerW) => (powerW > 0.5 ? powerW / problem.flexibleLoads[l]!.maxW : undefined)),
  })),
];

const table = (caption: string, head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table><caption>${escaped(caption)}</caption><thead><tr>${head.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join('')}</tr></thead>
<tbody>${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`).join('\n')}</tbody></table>`;

const costTable = ({ cost, costMicro, currency }: Schedule): string => {
  const parts = (Object.entries(cost) as [string, number][]).filter(([, micro]) => Math.abs(micro) >= 50);
  const rows = [...parts, ['sum', costMicro] as const].map(([part, micro]) => [
    part.replace('Micro', '').replace('noLoad', 'no load'),
    (micro / 1e6).toFixed(4),
  ]);
  return table(`Cost, ${currency}`, ['part', currency], rows);
};

const breachTable = ({ breaches, steps }: Schedule): string =>
  breaches.length === 0
    ? '<p>No limit is bent.</p>'
    : table(
        `What had to be bent: ${breaches.length}`,
        ['what', 'whose', 'from (UTC)', 'by'],
        breaches
          .slice(0, 200)
          .map(({ kind, subject, step, size }) => [kind, subject, minute(steps[step]!.startMs), `${plain(size)} ${BREACH_UNITS[kind]}`]),
      );

const stepTable = (plan: Schedule): string => {
  const columns: [string, number[]][] = [
    [
      'load',
      sumOf(
        plan,
        plan.sites.map(({ loadW }) => loadW),
      ),
    ],
    [
      'flexible load',
      sumOf(
        plan,
        plan.loads.map(({ drawW }) => drawW),
      ),
    ],
    [
      'sun',
      sumOf(
        plan,
        plan.sites.map(({ pvW }) => pvW),
      ),
    ],
    [
      'left',
      sumOf(
        plan,
        plan.sites.map(({ curtailedW }) => curtailedW),
      ),
    ],
    [
      'batteries',
      sumOf(
        plan,
        plan.batteries.map(({ powerW }) => powerW),
      ),
    ],
    [
      'generators',
      sumOf(
        plan,
        plan.generators.map(({ powerW }) => powerW),
      ),
    ],
    [
      'grid',
      sumOf(
        plan,
        plan.sites.map(({ gridW }) => gridW),
      ),
    ],
  ];
  const rows = plan.steps.map(({ startMs }, step) => [minute(startMs), ...columns.map(([, values]) => (values[step]! / 1_000).toFixed(2))]);
  return `<details><summary>Every step in numbers</summary>${table('Mean power of each step, kW', ['from (UTC)', ...columns.map(([name]) => name)], rows)}</details>`;
};
