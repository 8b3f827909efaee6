import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'

const DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url))

/** Text of a file of the data beside the repository. */
export function sharedData(path: string): string {
  return readFileSync(DATA + path, 'utf8')
}

/** Tests that read data from beside the repository; where it is absent they report that they were not run. */
export function describeWithData(title: string, paths: readonly string[], tests: () => void): void {
  const present = paths.every((path) => existsSync(DATA + path))
  describe.skipIf(!present)(present ? title : `${title} (not run: data absent)`, tests)
  if (!present) it(`${title}: not run: data absent`, (context) => context.skip('not run: data absent'))
}
