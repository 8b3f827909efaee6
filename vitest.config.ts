import { defineConfig } from 'vitest/config'

/**
 * Tiers with processes and servers are tried once more in CI; what passed only then is named at the run's end
 * (test/verdicts.ts). Pure tests get no second chance.
 */
const SECOND_TRY = process.env['CI'] === 'true' ? 1 : 0

const tier = (name: string, timeout: number, retry = 0) => ({
  test: {
    name,
    retry,
    include: [`**/*.${name}.test.ts`],
    exclude: ['**/node_modules/**', '**/.local/**'],
    testTimeout: timeout,
    hookTimeout: timeout,
  },
})

/** The suffix of a test file names its tier and so its cost; integration and the faults need servers. */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      tier('unit', 60_000),
      tier('contract', 60_000),
      tier('e2e', 180_000, SECOND_TRY),
      tier('integration', 180_000, SECOND_TRY),
      tier('fault', 300_000, SECOND_TRY),
      tier('long-fault', 300_000, SECOND_TRY),
      tier('soak', 300_000),
    ],
  },
})
