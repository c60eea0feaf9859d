/**
 * Who may import whom: a module may import the rows below its own, never its neighbours, and from another module only
 * what that module shows. Files that end in `.spec.ts` may look at everything.
 */
const ROWS = [
  ['common'],
  ['platform'],
  ['connectors', 'rbac'],
  ['audit'],
  ['credentials'],
  ['data-sources'],
  ['schema-discovery', 'health'],
  ['classification', 'quality', 'lineage', 'catalog-sync'],
  ['scan', 'compliance'],
  ['alerts'],
  ['reports', 'backup'],
];

const MODULES = ROWS.flat();
/** What a module shows to others. */
const SHOWN = '\\.(module|service|types|events|guard|decorator)\\.ts$';
/** Beside that: the list of permissions, the ports that audit fills, the shape of a test's result. */
const ALSO_SHOWN = [
  '^src/rbac/(permissions|denials)\\.ts$',
  '^src/connectors/runtime/(test-result|egress-denials)\\.ts$',
];
/** Entry points, the command line and the API document see every module. */
const TOP = ['^src/[^/]+\\.ts$', '^src/(cli|demo|docs|openapi)/'];

const layers = ROWS.flatMap((row, level) =>
  row.map((name) => {
    const above = [...ROWS.slice(level + 1).flat(), ...row.filter((other) => other !== name)];
    return {
      name: `${name}-imports-only-below`,
      comment: `src/${name} may import only the rows below it (see ARCHITECTURE.md, "Who may import whom").`,
      severity: 'error',
      from: { path: `^src/${name}/` },
      to: { path: [`^src/(${above.join('|')})/`, ...TOP] },
    };
  }),
);

const hidden = MODULES.filter((name) => !['common', 'platform', 'connectors'].includes(name)).map((name) => ({
  name: `${name}-keeps-its-insides`,
  comment: `From src/${name} others import only *.module, *.service, *.types, *.events, *.guard and *.decorator.`,
  severity: 'error',
  from: { path: '^src/', pathNot: [`^src/${name}/`, '\\.spec\\.ts$', ...TOP] },
  to: { path: `^src/${name}/`, pathNot: [SHOWN, ...ALSO_SHOWN] },
}));

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-barrels',
      comment: 'The one barrel is connectors/spi/index.ts; drivers/ and migrations/index.ts are lists.',
      severity: 'error',
      from: {},
      to: {
        path: '^src/.*/index\\.ts$',
        pathNot: '^src/(connectors/(spi|drivers)|platform/database/migrations)/index\\.ts$',
      },
    },
    ...layers,
    ...hidden,
    {
      name: 'connector-authors-see-only-the-spi',
      comment: 'spi, families and drivers use common and each other downwards, and no framework.',
      severity: 'error',
      from: { path: '^src/connectors/(spi|families|drivers)/', pathNot: '\\.spec\\.ts$' },
      to: {
        path: ['^src/(?!common/|connectors/(spi|families|drivers)/)', 'node_modules/(@nestjs|typeorm|rxjs)/'],
      },
    },
    {
      name: 'spi-below-families-below-drivers',
      severity: 'error',
      from: { path: '^src/connectors/spi/' },
      to: { path: '^src/connectors/(?!spi/)' },
    },
    {
      name: 'families-below-drivers',
      severity: 'error',
      from: { path: '^src/connectors/families/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/connectors/(drivers|runtime)/' },
    },
    {
      name: 'connectors-keep-their-insides',
      comment: 'From src/connectors others import the SPI, the registry, the module and services.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/connectors/', '\\.spec\\.ts$', ...TOP] },
      to: {
        path: '^src/connectors/',
        pathNot: ['^src/connectors/spi/', '^src/connectors/connector-registry\\.ts$', SHOWN, ...ALSO_SHOWN],
      },
    },
    {
      name: 'no-tests-in-the-product',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: ['\\.spec\\.ts$', '^(test|bench|scripts)/'] },
    },
    {
      name: 'only-known-packages',
      comment: 'A package must be in dependencies (or optionalDependencies) of package.json.',
      severity: 'error',
      // from-source.ts loads the compiler only where TypeScript itself is run, which is in tests; engines.ts loads packages
      // that are optional, see `install` of their types.
      from: { path: '^src/', pathNot: ['\\.spec\\.ts$', '/from-source\\.ts$', '/embedded/engines\\.ts$'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
