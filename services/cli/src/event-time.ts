import { UsageError } from './command.ts'

/** UTC milliseconds of an option's text; undefined where it was not given. @throws UsageError */
export function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const at = Date.parse(text)
  if (Number.isNaN(at))
    throw new UsageError(`${option} is "${text}"; give a time like 2026-03-01 or 2026-03-01T12:00:00Z.`)
  return at
}
