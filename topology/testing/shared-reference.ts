import { besideText, describeBeside } from './beside.ts'

/** Text of a reference file beside the repository. */
export const sharedReference = (path: string): string => besideText('reference', path)

/** Tests that read reference files from beside the repository. */
export const describeWithReference = (title: string, paths: readonly string[], tests: () => void): void =>
  describeBeside('reference', title, paths, tests)
