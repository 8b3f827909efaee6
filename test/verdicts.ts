import { existsSync, readFileSync } from 'node:fs'

/** A test that failed, that passed only when it was tried again, or that was not run. */
export interface Verdict {
  file: string
  test: string
  what: 'failed' | 'again' | 'not run'
  /** What went wrong, or why it was not run. */
  errors: string[]
}

export function readVerdicts(file: string): Verdict[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((l) => l !== '').map((l) => JSON.parse(l) as Verdict)
}

const LONGEST = 600

/** As a person reads them, failures last, since the end of a log is what one sees. Empty where there are none. */
export function inWords(verdicts: readonly Verdict[]): string {
  const part = (title: string, of: readonly Verdict[]) =>
    of.length === 0
      ? []
      : [title, ...of.flatMap((v) => [`  - ${v.file} > ${v.test}`, ...v.errors.map((e) => `      ${short(e)}`)])]
  return [
    ...part(
      'Not run:',
      verdicts.filter((v) => v.what === 'not run'),
    ),
    ...part(
      'Passed only at the second try (a fault that time hides; mend it):',
      verdicts.filter((v) => v.what === 'again'),
    ),
    ...part(
      'Failed:',
      verdicts.filter((v) => v.what === 'failed'),
    ),
  ].join('\n')
}

const short = (text: string) => {
  const line = text.replaceAll(/\s*\n\s*/g, ' | ')
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line
}
