/** Import fences, written against the layout: schemas <- topology <- infra <- services; a vendor in one adapter. */
const VENDORS = {
  kafkajs: '^infra/adapters/kafka/',
  ioredis: '^infra/adapters/redis/',
  lmdb: '^infra/adapters/embedded/',
  chdb: '^infra/adapters/clickhouse/',
  '@clickhouse/client': '^infra/adapters/clickhouse/',
  avsc: '^infra/adapters/schema-registry/',
  '@confluentinc/schemaregistry': '^infra/adapters/schema-registry/',
  bullmq: '^infra/adapters/bullmq/',
  '@tensorflow': '^infra/adapters/tfjs/',
  webgpu: '^infra/adapters/tfjs/',
  'onnxruntime-node': '^infra/adapters/onnx/',
  nodemailer: '^infra/adapters/smtp/',
  yaml: '^infra/config/alert-yaml',
  '@zip.js': '^infra/adapters/zip/',
}
const TESTS = '(\\.(unit|contract|integration|e2e|fault)\\.test\\.ts$|(^|/)test/|/testing/)'

module.exports = {
  forbidden: [
    {
      name: 'schemas-import-nothing-of-ours',
      severity: 'error',
      from: { path: '^schemas/' },
      to: { path: '^(topology|infra|services)/' },
    },
    {
      name: 'topology-below-infra',
      severity: 'error',
      from: { path: '^topology/', pathNot: TESTS },
      to: { path: '^(infra|services)/' },
    },
    { name: 'infra-below-services', severity: 'error', from: { path: '^infra/' }, to: { path: '^services/' } },
    {
      name: 'topology-is-pure',
      comment: 'No I/O, no clock, no vendor: of Node only hashes and buffers.',
      severity: 'error',
      from: { path: '^topology/', pathNot: TESTS },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'],
        pathNot: '^(node:)?(crypto|buffer)$',
      },
    },
    {
      name: 'models-do-not-know-each-other',
      severity: 'error',
      from: { path: '^topology/models/([^/]+)/', pathNot: TESTS },
      to: { path: '^topology/models/([^/]+)/', pathNot: '^topology/models/$1/' },
    },
    ...Object.entries(VENDORS).map(([vendor, home]) => ({
      name: `vendor-${vendor.replace(/\W/g, '')}-in-one-adapter`,
      severity: 'error',
      from: { pathNot: `${home}|${TESTS}` },
      to: { path: `node_modules/${vendor.replace(/[/@]/g, '\\$&')}(/|$)` },
    })),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)node_modules/\\.|^\\.local/' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    preserveSymlinks: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
}
