import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { ImportFormat, ImportOutcome } from '../importer.ts'
import { TextImport } from '../text-import.ts'

/** Outcomes of a whole text, sorted by type. */
export interface ReadAll {
  outcomes: ImportOutcome[]
  events: LearningEvent[]
  rejects: Extract<ImportOutcome, { type: 'reject' }>[]
  skips: Extract<ImportOutcome, { type: 'skip' }>[]
}

/** Reads a text in chunks of `chunk` characters; the pseudonym of x is `p-x`. */
export function readAll(
  format: ImportFormat,
  text: string,
  given: {
    fileName?: string
    companions?: Record<string, string>
    options?: Record<string, string>
    chunk?: number
  } = {},
): ReadAll {
  const chunk = given.chunk ?? 65_536
  const input = new TextImport(format, {
    fileName: given.fileName ?? 'file.csv',
    companions: given.companions ?? {},
    options: given.options ?? {},
    context: { tenant: 'school', pseudonym: (id) => `p-${id}` },
  })
  const read: ReadAll = { outcomes: [], events: [], rejects: [], skips: [] }
  const take = (outcomes: ImportOutcome[]) => {
    for (const outcome of outcomes) {
      read.outcomes.push(outcome)
      if (outcome.type === 'event') read.events.push(outcome.event)
      else if (outcome.type === 'reject') read.rejects.push(outcome)
      else read.skips.push(outcome)
    }
  }
  for (let at = 0; at < text.length; at += chunk) take(input.push(text.slice(at, at + chunk)))
  take(input.end())
  return read
}
