import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'

const REFERENCE = fileURLToPath(new URL('../../../shared/reference/', import.meta.url))

/** Text of a reference file beside the repository. */
export function sharedReference(path: string): string {
  return readFileSync(REFERENCE + path, 'utf8')
}

/** Tests that read reference files from beside the repository; where one is absent they report that they were not run. */
export function describeWithReference(title: string, paths: readonly string[], tests: () => void): void {
  const present = paths.every((path) => existsSync(REFERENCE + path))
  describe.skipIf(!present)(present ? title : `${title} (not run: data absent)`, tests)
  if (!present) it(`${title}: not run: data absent`, (context) => context.skip('not run: data absent'))
}
