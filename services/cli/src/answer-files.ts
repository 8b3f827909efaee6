import type { AnswerFiles } from '@mastery/jobs/src/evaluate/read-answers.ts'
import { LOADER_FORMATS, loaderFormat } from '@mastery/topology/evaluation/loaders/formats.ts'
import { type Io, UsageError } from './command.ts'
import { companionPaths, companions, expand } from './commands/import.ts'

const companionNames = [
  ...new Set(LOADER_FORMATS.flatMap((f) => [...f.companions, ...(f.tables ?? [])].map((c) => c.name))),
]

/** Options of commands that read answers from files. */
export const ANSWER_OPTIONS = {
  ...(Object.fromEntries(companionNames.map((n) => [n, { type: 'string' as const }])) as Record<
    never,
    { type: 'string' }
  >),
  format: { type: 'string' },
  train: { type: 'string', multiple: true },
  test: { type: 'string', multiple: true },
  by: { type: 'string', multiple: true },
  option: { type: 'string', multiple: true },
  'skip-rejects': { type: 'boolean' },
} as const

export interface AnswerValues {
  format?: string | undefined
  train?: string[] | undefined
  test?: string[] | undefined
  by?: string[] | undefined
  option?: string[] | undefined
  'skip-rejects'?: boolean | undefined
}

export const FORMATS_HELP = LOADER_FORMATS.map((f) => `  ${f.id.padEnd(22)}${f.summary}`).join('\n')

export const ANSWER_HELP = `  --by COLUMN          measure each group of a column of the test file, too; may be given several times
  --option KEY=VALUE   an option of the format; may be given several times
${companionNames.map((n) => `${`  --${n} FILE `.padEnd(23)}companion file; found by itself where it lies beside the data`).join('\n')}
  --skip-rejects       leave out rows that can't be read, and say how many; otherwise the first one ends the command`

/** Files that the options name, by what they are for. @throws UsageError */
export function answerFiles(values: AnswerValues, io: Io): { train: AnswerFiles | null; test: AnswerFiles | null } {
  if (!values.format) throw new UsageError(`--format is missing; one of ${LOADER_FORMATS.map((f) => f.id).join(', ')}.`)
  const format = loaderFormat(values.format)
  const options: Record<string, string> = {}
  for (const o of values.option ?? []) {
    const at = o.indexOf('=')
    if (at < 1) throw new UsageError(`--option takes KEY=VALUE, not "${o}".`)
    options[o.slice(0, at)] = o.slice(at + 1)
  }
  const measured = values.test ? 'test' : 'train'
  const of = (which: 'train' | 'test'): AnswerFiles | null => {
    const given = values[which]
    if (!given) return null
    const files = expand(given, { companions: [...format.companions, ...(format.tables ?? [])] }, io.cwd)
    if (files.length === 0) throw new UsageError(`No data files in ${given.join(', ')}.`)
    return {
      format,
      files,
      companions: companions(format, { ...values }, files, io.cwd),
      ...(format.tables ? { tables: companionPaths(format.id, format.tables, { ...values }, files, io.cwd) } : {}),
      options,
      columns: which === measured ? (values.by ?? []) : [],
      skipRejects: values['skip-rejects'] === true,
    }
  }
  return { train: of('train'), test: of('test') }
}
