/** The rooms in the order of the way of the data: each may import those above it, never one below. */
const ROOMS = [
  'kernel',
  'registers',
  'platform',
  'fleet',
  'field',
  'telemetry',
  'signals',
  'forecast',
  'schedule',
  'dispatch',
  'proof',
  'settlement',
  'insight',
  'grid',
  'portal',
];

/** Which technology may be named where. */
const TECHNOLOGY = [
  ['modbus-serial', '^src/(field/adapters|simulator)/'],
  ['influx', '^src/telemetry/adapters/'],
  ['@solana/web3.js', '^src/proof/adapters/'],
  ['litesvm', '^src/proof/adapters/'],
  ['highs', '^src/schedule/adapters/'],
  ['brain.js', '^src/forecast/adapters/'],
];

const roomsInOrder = ROOMS.map((room, index) => ({
  name: `${room}-imports-only-rooms-above`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: `^src/(${[...ROOMS.slice(index + 1), 'cli', 'web', 'simulator'].join('|')})/` },
}));

const technologiesInAdapters = TECHNOLOGY.map(([name, home]) => ({
  name: `${name}-only-in-its-adapter`,
  severity: 'error',
  from: { path: '^src/', pathNot: home },
  to: { path: `node_modules/${name}/` },
}));

module.exports = {
  forbidden: [
    ...roomsInOrder,
    ...technologiesInAdapters,
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'kernel-is-pure',
      severity: 'error',
      from: { path: '^src/kernel/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^src/kernel/' },
    },
    {
      name: 'registers-import-only-kernel',
      severity: 'error',
      from: { path: '^src/registers/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(kernel|registers)/' },
    },
    {
      name: 'simulator-imports-kernel-and-registers',
      severity: 'error',
      from: { path: '^src/simulator/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(kernel|registers|simulator)/' },
    },
    {
      name: 'only-cli-and-tests-simulate',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(cli|simulator)/', '\\.test\\.ts$'] },
      to: { path: '^src/simulator/' },
    },
    {
      name: 'web-talks-to-the-api',
      severity: 'error',
      from: { path: '^src/web/' },
      to: { path: '^src/', pathNot: '^src/(web|kernel)/|^src/proof/(verifier|merkle|record|checkpoint|bundle)\\.ts$' },
    },
    { name: 'only-pages-import-pages', severity: 'error', from: { path: '^src/', pathNot: '^src/web/' }, to: { path: '^src/web/' } },
    { name: 'nobody-imports-cli', severity: 'error', from: { path: '^src/', pathNot: '^src/cli/' }, to: { path: '^src/cli/' } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '\\.test\\.ts$', '(^|/)vite(st)?\\.config\\.ts$'] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
