import { besideText, describeBeside } from '../../testing/beside.ts'

/** Text of a file of the data beside the repository. */
export const sharedData = (path: string): string => besideText('data', path)

/** Tests that read data from beside the repository. */
export const describeWithData = (title: string, paths: readonly string[], tests: () => void): void =>
  describeBeside('data', title, paths, tests)
