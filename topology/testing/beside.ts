import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'

/** Folders beside the repository with material that we did not write. */
export type Beside = 'data' | 'fixtures' | 'reference'

/** Path of a file or folder beside the repository. */
export const besidePath = (folder: Beside, path: string): string =>
  fileURLToPath(new URL(`../../../shared/${folder}/${path}`, import.meta.url))

export const besideText = (folder: Beside, path: string): string => readFileSync(besidePath(folder, path), 'utf8')

/** Tests that read what lies beside the repository; where a part of it is absent they say that they were not run. */
export function describeBeside(folder: Beside, title: string, paths: readonly string[], tests: () => void): void {
  const missing = paths.filter((path) => !existsSync(besidePath(folder, path)))
  if (missing.length === 0) return void describe(title, tests)
  describe(title, () => {
    it('not run: data absent', (context) => context.skip(`not run: data absent (${missing.join(', ')})`))
  })
}
