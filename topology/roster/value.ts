import type { ColumnRule } from './columns.ts'
import { type Place, type Problems, quoted } from './problem.ts'

/** A cell as it is kept, in one form; what can't be read is an error and becomes empty. Names are never quoted. */
export function readValue(at: Place, column: string, rule: ColumnRule, text: string, problems: Problems): string {
  if (text === '') {
    if (rule.required) problems.error(at, column, 'It is empty', need(rule))
    else if (rule.without !== undefined) problems.warn(at, column, 'It is empty', rule.without)
    return ''
  }
  switch (rule.kind) {
    case 'date':
      return date(at, column, text, problems)
    case 'boolean':
      return truth(at, column, text, problems)
    case 'word': {
      if (text.startsWith('ext:')) return text
      const known = rule.words!.find((w) => w.toLowerCase() === text.toLowerCase())
      if (known === undefined) {
        problems.error(at, column, `${quoted(text)} is not known here`, need(rule))
        return ''
      }
      if (known !== text) problems.warn(at, column, `It says ${quoted(text)}`, `It was read as ${known}.`)
      return known
    }
    default:
      return text
  }
}

function need(rule: ColumnRule): string {
  if (rule.kind === 'word')
    return `Give one of ${rule.words!.join(', ')}, or a word of your own that begins with "ext:".`
  if (rule.kind === 'ref' || rule.kind === 'refs') return `Give the sourcedId of a row of ${rule.of}.csv.`
  if (rule.kind === 'boolean') return 'Give true or false.'
  if (rule.kind === 'date') return 'Give a date such as 2026-09-01.'
  return 'Fill it in.'
}

function truth(at: Place, column: string, text: string, problems: Problems): string {
  if (text === 'true' || text === 'false') return text
  const meant = ({ true: 'true', false: 'false', '1': 'true', '0': 'false', yes: 'true', no: 'false' } as const)[
    text.toLowerCase() as 'true'
  ]
  if (meant === undefined) {
    problems.error(at, column, `${quoted(text)} is neither true nor false`, 'Give true or false.')
    return ''
  }
  problems.warn(at, column, `It says ${quoted(text)}`, `It was read as ${meant}.`)
  return meant
}

const DAY = /^(\d{4})-(\d{2})-(\d{2})(T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?$/

function date(at: Place, column: string, text: string, problems: Problems): string {
  const m = DAY.exec(text)
  const [year, month, day] = m ? [Number(m[1]), Number(m[2]), Number(m[3])] : [0, 0, 0]
  const utc = new Date(Date.UTC(year, month - 1, day))
  if (!m || utc.getUTCMonth() !== month - 1 || utc.getUTCDate() !== day) {
    problems.error(at, column, `${quoted(text)} is no date`, 'Give a date such as 2026-09-01.')
    return ''
  }
  if (m[4] !== undefined) problems.warn(at, column, 'It has a time of day', 'The day was taken.')
  return text.slice(0, 10)
}
