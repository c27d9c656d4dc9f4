import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

/**
 * A rule that never fails is no rule. Each check of `npm run check` is run, with this repository's own configuration and
 * the command of its own script, on a small house of its own with faults put in: it must find these, and none beside them.
 */
const REPOSITORY = join(import.meta.dirname, '../..');
const CONFIGURATION = [
  '.dependency-cruiser.cjs',
  '.oxlintrc.json',
  '.prettierignore',
  '.prettierrc.json',
  'knip.json',
  'tsconfig.json',
  'vite.config.ts',
];
/** What the scripts call, and so what the house may list without using it. */
const TOOLS = '@nestjs/cli @vitejs/plugin-react dependency-cruiser knip oxlint prettier typescript vite vitest'.split(' ');
const PAGES_CONFIGURATION = 'src/web/tsconfig.json';

/** The order of the rooms, as the design's table has it. */
const ROOMS =
  'kernel registers platform fleet field telemetry signals forecast schedule dispatch proof settlement insight grid portal'.split(' ');

type Check = 'format' | 'lint' | 'types' | 'rooms' | 'unused';
type Files = Readonly<Record<string, string>>;

const ORDERLY: Files = {
  'src/kernel/units.ts': 'export const MINUTE_MS = 60_000;\n',
  'src/fleet/plant.ts': "import { MINUTE_MS } from '../kernel/units.js';\n\nexport const PERIOD_MS = 5 * MINUTE_MS;\n",
  'src/cli/main.ts':
    "import { MIGRATIONS } from '../../migrations/index.js';\nimport { PERIOD_MS } from '../fleet/plant.js';\n\nconsole.log(MIGRATIONS.length, PERIOD_MS);\n",
  'src/web/index.html': '<!doctype html>\n<script type="module" src="./main.tsx"></script>\n',
  'src/web/main.tsx': "import { MINUTE_MS } from '../kernel/units.js';\n\ndocument.title = String(MINUTE_MS);\n",
  'migrations/index.ts': 'export const MIGRATIONS: string[] = [];\n',
  'test/contract/plant.test.ts':
    "import { expect, it } from 'vitest';\nimport { PERIOD_MS } from '../../src/fleet/plant.js';\n\nit('counts', () => expect(PERIOD_MS).toBe(300_000));\n",
};

const houses: string[] = [];
afterAll(() => houses.forEach((house) => rmSync(house, { recursive: true, force: true })));

const scripts = (JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts;

const build = (files: Files): string => {
  const house = mkdtempSync(join(tmpdir(), 'house-'));
  houses.push(house);
  const put = (file: string, text: string): void => {
    mkdirSync(dirname(join(house, file)), { recursive: true });
    writeFileSync(join(house, file), text);
  };
  for (const [file, text] of Object.entries({ ...ORDERLY, ...files })) put(file, text);
  for (const file of [...CONFIGURATION, PAGES_CONFIGURATION]) copyFileSync(join(REPOSITORY, file), join(house, file));
  const devDependencies = Object.fromEntries(TOOLS.map((tool) => [tool, '*']));
  const dependencies = { pg: '*' };
  put(
    'package.json',
    `${JSON.stringify({ name: 'house', private: true, type: 'module', scripts, dependencies, devDependencies }, null, 2)}\n`,
  );
  put('.gitignore', 'node_modules\n');
  symlinkSync(join(REPOSITORY, 'node_modules'), join(house, 'node_modules'));
  return house;
};

/** Runs one check's own script on the house with these files added, `options` behind it. */
const run = (check: Check, files: Files = {}, options = ''): { status: number; output: string } => {
  const house = build(files);
  const path = `${join(REPOSITORY, 'node_modules/.bin')}:${process.env['PATH']}`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', `${scripts[`check:${check}`]} ${options}`], {
    cwd: house,
    encoding: 'utf8',
    env: { ...process.env, PATH: path, NO_COLOR: '1', FORCE_COLOR: '0' },
    maxBuffer: 2 ** 26,
  });
  return { status: status ?? -1, output: `${stdout}${stderr}` };
};

it('runs every check there is', () => {
  const each = (['format', 'lint', 'types', 'rooms', 'unused'] satisfies Check[]).map((check) => `npm run check:${check}`);
  expect(scripts['check']).toBe(each.join(' && '));
});

describe('rooms', () => {
  const imports = (...files: string[]): string => `${files.map((file) => `import '${file}';`).join('\n')}\n`;
  interface Violation {
    readonly rule: string;
    readonly from: string;
    readonly to: string;
  }
  let all: Violation[] | undefined;
  const violations = (): Violation[] => {
    if (all) return all;
    const { status, output } = run('rooms', seeds);
    expect(status).not.toBe(0);
    const told = output.matchAll(/error (\S+): (\S+)(?: → +(\S+))?/g);
    all = Array.from(told, ([, rule, from, to]) => ({ rule: rule!, from: from!, to: to ?? '' }));
    return all;
  };
  const rulesAgainst = (from: string, to: string): string[] =>
    violations()
      .filter((found) => found.from === from && found.to.includes(to))
      .map(({ rule }) => rule);

  const TECHNOLOGIES = [
    ['modbus-serial', 'field'],
    ['influx', 'telemetry'],
    ['@solana/web3.js', 'proof'],
    ['litesvm', 'proof'],
    ['highs', 'schedule'],
    ['brain.js', 'forecast'],
  ] as const;
  const fileOf = (technology: string): string => technology.replaceAll(/\W/g, '-');

  const seeds: Files = {
    ...Object.fromEntries(ROOMS.map((room) => [`src/${room}/here.ts`, 'export {};\n'])),
    ...Object.fromEntries(
      ROOMS.flatMap((room, index) => [
        [
          `src/${room}/down.ts`,
          imports(
            ...ROOMS.slice(index + 1).map((later) => `../${later}/here.js`),
            '../web/main.js',
            '../cli/main.js',
            '../simulator/here.js',
          ),
        ],
        [`src/${room}/up.ts`, imports(...ROOMS.slice(0, index).map((earlier) => `../${earlier}/here.js`))],
      ]),
    ),
    ...Object.fromEntries(
      TECHNOLOGIES.flatMap(([technology, room]) => [
        [`src/${room}/${fileOf(technology)}.service.ts`, imports(technology)],
        [`src/${room}/adapters/${fileOf(technology)}.ts`, imports(technology)],
        [`src/platform/adapters/${fileOf(technology)}.ts`, imports(technology)],
      ]),
    ),
    'src/simulator/here.ts': 'export {};\n',
    'src/simulator/server.ts': imports('modbus-serial', '../registers/here.js', '../fleet/here.js'),
    'src/cli/simulate.ts': imports('../simulator/here.js', '../portal/here.js', '../web/main.js'),
    'src/grid/here.test.ts': imports('../simulator/here.js'),
    'src/proof/verifier.ts': 'export {};\n',
    'src/web/shell.tsx': imports(
      '../proof/verifier.js',
      '../kernel/units.js',
      '../proof/here.js',
      '../grid/here.js',
      '../platform/here.js',
    ),
    'src/signals/egg.ts': imports('./hen.js'),
    'src/signals/hen.ts': imports('./egg.js'),
    'src/signals/alone.ts': 'export {};\n',
  };

  it('import only rooms above them', () => {
    for (const [index, room] of ROOMS.entries()) {
      for (const later of ROOMS.slice(index + 1)) {
        expect([room, later, rulesAgainst(`src/${room}/down.ts`, `src/${later}/`).length > 0]).toEqual([room, later, true]);
      }
    }
    const upwards = violations().filter(({ from, rule }) => from.endsWith('/up.ts') && rule !== 'no-orphans');
    expect(upwards).toEqual([]);
  }, 60_000);

  it('keep their technology in their adapters', () => {
    for (const [technology, room] of TECHNOLOGIES) {
      const rule = `${technology}-only-in-its-adapter`;
      expect(rulesAgainst(`src/${room}/${fileOf(technology)}.service.ts`, technology)).toEqual([rule]);
      expect(rulesAgainst(`src/platform/adapters/${fileOf(technology)}.ts`, technology)).toEqual([rule]);
      expect(rulesAgainst(`src/${room}/adapters/${fileOf(technology)}.ts`, technology)).toEqual([]);
    }
    expect(rulesAgainst('src/simulator/server.ts', 'modbus-serial')).toEqual([]);
  }, 60_000);

  it('are not simulated, but by the command line and tests; and virtual hardware knows none of them', () => {
    for (const room of ROOMS) expect(rulesAgainst(`src/${room}/down.ts`, 'src/simulator/')).toContain('only-cli-and-tests-simulate');
    expect(rulesAgainst('src/cli/simulate.ts', 'src/simulator/')).toEqual([]);
    expect(rulesAgainst('src/grid/here.test.ts', 'src/simulator/')).not.toContain('only-cli-and-tests-simulate');
    expect(rulesAgainst('src/simulator/server.ts', 'src/registers/')).toEqual([]);
    expect(rulesAgainst('src/simulator/server.ts', 'src/fleet/')).toEqual(['simulator-imports-kernel-and-registers']);
  }, 60_000);

  it('are not reached by the pages, which take the kernel and the verifier alone', () => {
    for (const room of ['proof', 'grid', 'platform'])
      expect(rulesAgainst('src/web/shell.tsx', `src/${room}/here`)).toEqual(['web-talks-to-the-api']);
    expect(rulesAgainst('src/web/shell.tsx', 'src/proof/verifier')).toEqual([]);
    expect(rulesAgainst('src/web/shell.tsx', 'src/kernel/')).toEqual([]);
    for (const from of ['src/cli/simulate.ts', 'src/portal/down.ts'])
      expect(rulesAgainst(from, 'src/web/')).toContain('only-pages-import-pages');
    for (const room of ROOMS) expect(rulesAgainst(`src/${room}/down.ts`, 'src/cli/')).toContain('nobody-imports-cli');
  }, 60_000);

  it('hold no circles, and no file that nothing is tied to', () => {
    const circles = violations().filter(({ rule }) => rule === 'no-circles');
    expect(circles.map(({ from }) => from)).toEqual([expect.stringMatching(/^src\/signals\/(egg|hen)\.ts$/)]);
    expect(
      violations()
        .filter(({ rule }) => rule === 'no-orphans')
        .map(({ from }) => from),
    ).toContain('src/signals/alone.ts');
  }, 60_000);
});

describe('lines', () => {
  /** A fault in a file of its own, by the rule that has to find it. */
  const FAULTS: Record<string, [file: string, text: string]> = {
    'eslint(no-restricted-properties)': ['src/fleet/time.ts', 'export const time = (): number => Date.now();\n'],
    'eslint(no-restricted-properties) ': ['src/fleet/stopwatch.ts', 'export const time = (): number => performance.now();\n'],
    'eslint(no-restricted-properties)  ': ['src/fleet/dice.ts', 'export const dice = (): number => Math.random();\n'],
    'eslint(no-restricted-properties)   ': ['src/fleet/environment.ts', "export const host = process.env['VPP_HOST'];\n"],
    'eslint(no-restricted-properties)    ': ['src/cli/time.ts', 'export const time = (): number => Date.now();\n'],
    'eslint(no-restricted-imports)': [
      'src/fleet/circle.ts',
      "import { forwardRef } from '@nestjs/common';\n\nexport const circle = forwardRef(() => Map);\n",
    ],
    'eslint(no-console)': ['src/fleet/chatter.ts', "export const chatter = (): void => console.log('here');\n"],
    'typescript(no-floating-promises)': [
      'src/fleet/floats.ts',
      "export const floats = (): void => {\n  Promise.reject(new Error('lost'));\n};\n",
    ],
    'typescript(no-misused-promises)': [
      'src/fleet/misused.ts',
      'export const misused = (all: number[]): void => all.forEach(async () => Promise.resolve());\n',
    ],
    'typescript(no-explicit-any)': ['src/fleet/anything.ts', 'export const anything = (value: any): string => String(value);\n'],
    'typescript(switch-exhaustiveness-check)': [
      'src/fleet/cases.ts',
      "export const cases = (kind: 'a' | 'b'): number => {\n  switch (kind) {\n    case 'a':\n      return 1;\n  }\n  return 0;\n};\n",
    ],
    'typescript(ban-ts-comment)': ['src/fleet/hushed.ts', "// @ts-ignore\nexport const hushed: number = 'no number';\n"],
    'eslint(max-lines-per-function)': [
      'src/fleet/long.ts',
      `export const long = (): number => {\n  let sum = 0;\n${'  sum += 1;\n'.repeat(80)}  return sum;\n};\n`,
    ],
    'eslint(max-lines)': ['src/fleet/many.ts', Array.from({ length: 340 }, (_, line) => `export const line${line} = ${line};\n`).join('')],
    'vitest(no-disabled-tests)': [
      'src/fleet/skipped.test.ts',
      "import { expect, it } from 'vitest';\n\nit.skip('is not run', () => expect(1).toBe(2));\n",
    ],
    'vitest(no-focused-tests)': [
      'src/fleet/focused.test.ts',
      "import { expect, it } from 'vitest';\n\nit.only('hides the others', () => expect(1).toBe(1));\n",
    ],
  };
  const ALLOWED: Files = {
    'src/cli/says.ts': "export const says = (): void => console.log('here', process.env['VPP_HOST']);\n",
    'src/platform/clock.ts': 'export const now = (): number => Date.now();\n',
  };
  let found: { filename: string; code: string }[] | undefined;
  const faults = (): { filename: string; code: string }[] => {
    if (found) return found;
    const { status, output } = run('lint', { ...Object.fromEntries(Object.values(FAULTS)), ...ALLOWED }, '--format json');
    expect(status).not.toBe(0);
    found = (JSON.parse(output.slice(output.indexOf('{'))) as { diagnostics: { filename: string; code: string }[] }).diagnostics;
    return found;
  };

  it.each(Object.entries(FAULTS).map(([rule, [file]]) => [rule.trim(), file] as const))(
    '%s bites in %s',
    (rule, file) => {
      expect(
        faults()
          .filter(({ filename }) => filename === file)
          .map(({ code }) => code),
      ).toContain(rule);
    },
    60_000,
  );

  it.each(Object.keys(ALLOWED))(
    'finds nothing in %s',
    (file) => {
      expect(faults().filter(({ filename }) => filename === file)).toEqual([]);
    },
    60_000,
  );
});

describe('the rest of the checks', () => {
  it('refuse what prettier would write otherwise', () => {
    const { status, output } = run('format', { 'src/fleet/askew.ts': 'export const askew = "double"\n' });
    expect(status).not.toBe(0);
    expect(output).toContain('src/fleet/askew.ts');
    expect(output).not.toContain('src/fleet/plant.ts');
  }, 60_000);

  it('refuse wrong types in the rooms, loose ones included', () => {
    const { status, output } = run('types', {
      'src/fleet/wrong.ts': "export const powerW: number = 'much';\n",
      'src/fleet/loose.ts': 'export const first = (all: number[]): number => all[0];\n',
      'test/contract/unused.test.ts': 'const nobody = 1;\nexport {};\n',
    });
    expect(status).not.toBe(0);
    for (const place of ['src/fleet/wrong.ts(1,14)', 'src/fleet/loose.ts(1,', 'test/contract/unused.test.ts(1,7)'])
      expect(output).toContain(place);
  }, 60_000);

  it('refuse wrong types in the pages', () => {
    const { status, output } = run('types', { 'src/web/wrong.tsx': 'export const title: string = document.title.length;\n' });
    expect(status).not.toBe(0);
    expect(output).toContain('src/web/wrong.tsx(1,14)');
  }, 60_000);

  it('refuse a file, an export and a dependency that nobody uses, and one that nobody listed', () => {
    const { status, output } = run('unused', {
      'src/fleet/left-over.ts': 'export const leftOver = 1;\n',
      'src/fleet/plant.ts': `${ORDERLY['src/fleet/plant.ts']}\nexport const NOBODY_ASKS = 1;\n`,
      'src/cli/main.ts': `import { z } from 'zod';\n${ORDERLY['src/cli/main.ts']}console.log(z.string());\n`,
    });
    expect(status).not.toBe(0);
    for (const part of ['src/fleet/left-over.ts', 'NOBODY_ASKS', 'zod  src/cli/main.ts', 'pg  package.json'])
      expect(output).toContain(part);
    for (const used of ['PERIOD_MS', 'main.tsx', 'MIGRATIONS', 'vitest', 'oxlint']) expect(output).not.toContain(used);
  }, 60_000);
});
