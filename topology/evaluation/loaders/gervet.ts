import { Columns } from '../../importers/columns.ts'
import { checkOptions } from '../../importers/imported-event.ts'
import { type AnswerFile, type AnswerSource, type LoaderFormat, NO_TOPIC, type SourceSettings } from './answer-file.ts'
import { AnswerTable, sampledBy } from './answer-table.ts'
import { LoadError } from './load-error.ts'

const REQUIRED = ['user_id', 'item_id', 'timestamp', 'correct', 'skill_id']
const WHOLE = /^\d{1,15}$/
/** Whole numbers joined: how the field's files name several skills. A name of another kind is one skill. */
const SEVERAL = /^\d+(?:(?:_|~~|;|\|)\d+)+$/

/**
 * The preprocessed files of Gervet et al. (JEDM 12(3), 2020): tab-separated user_id, item_id, timestamp, correct, skill_id,
 * in the order of answering within a student; further columns are passed over. Equal seconds are no bundle here: one row
 * was answered after the other. `timestamp` counts seconds, or is 0 throughout where there is no clock.
 */
export const gervet: LoaderFormat = {
  id: 'gervet',
  summary: 'Gervet et al. 2020 (TSV: user_id item_id timestamp correct skill_id)',
  companions: [],
  source: (settings) => {
    checkOptions('gervet', settings.options, [])
    return new GervetSource(settings)
  },
}

class GervetSource implements AnswerSource {
  private readonly table: AnswerTable
  private readonly settings: SourceSettings
  private readonly columns: ReadonlyMap<string, string[]>
  private rows = 0
  private untagged = 0
  private rejected = 0
  private clock = false

  constructor(settings: SourceSettings) {
    this.settings = settings
    this.table = new AnswerTable(settings.bound)
    this.columns = new Map(settings.columns.map((c) => [c, []]))
  }

  open({ fileName }: { fileName: string }): AnswerFile {
    let header: Columns | null = null
    let rest = ''
    let line = 0
    let places: number[] = []
    let kept: [string[], number][] = []
    const begin = (text: string) => {
      header = new Columns('gervet', text.replace(/^\ufeff/, ''), '\t')
      const need = (names: readonly string[]): number[] => {
        try {
          return header!.require(names, 'Give a tab-separated file, or name its format with --format.')
        } catch (e) {
          throw new LoadError(fileName, { line: 1 }, (e as Error).message, { cause: e })
        }
      }
      places = need(REQUIRED)
      kept = [...this.columns].map(([name, values]) => [values, need([name])[0]!])
    }
    const take = (text: string) => {
      line++
      const end = text.charCodeAt(text.length - 1) === 13 ? text.slice(0, -1) : text
      if (end === '') return
      if (header === null) return begin(end)
      const fields = end.split('\t')
      for (const [values, at] of kept) values.push(fields[at] ?? '')
      const wrong = this.row(fields, header.count, places)
      this.rows++
      if (wrong === null) return
      if (!this.settings.skipRejects) throw new LoadError(fileName, { line, ...wrong }, wrong.what)
      this.rejected++
    }
    return {
      push: (chunk) => {
        const text = rest + chunk
        let from = 0
        for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
          take(text.slice(from, at))
          from = at + 1
        }
        rest = text.slice(from)
      },
      end: () => {
        if (rest !== '') take(rest)
        if (header === null) throw new LoadError(fileName, {}, 'The file is empty; it needs a header line.')
      },
    }
  }

  /** Null where the row was taken. */
  private row(fields: string[], count: number, places: number[]): { column?: string; what: string } | null {
    if (fields.length !== count)
      return { what: `There are ${fields.length} fields, the header has ${count}. Correct the line.` }
    const [student, item, time, correct, skill] = places.map((i) => fields[i]!) as [
      string,
      string,
      string,
      string,
      string,
    ]
    if (student === '') return { column: 'user_id', what: 'It is empty. Fill it in.' }
    if (!WHOLE.test(time)) return { column: 'timestamp', what: 'It is no time. Give whole seconds, or 0 in every row.' }
    if (correct !== '0' && correct !== '1')
      return { column: 'correct', what: 'It is neither 1 nor 0. Give one of them.' }
    if (time !== '0') this.clock = true
    if (skill === '') this.untagged++
    this.table.add(student, item === '' ? null : item, correct === '1', Number(time) * 1000, this.rows)
    if (skill === '') this.table.topic(NO_TOPIC)
    else if (SEVERAL.test(skill)) for (const t of new Set(skill.split(/_|~~|;|\|/))) this.table.topic(t)
    else this.table.topic(skill)
    return null
  }

  build() {
    const { rows, columns, untagged, rejected } = this
    const log = this.table.build({ clock: this.clock, byTime: false, instants: false })
    return { log, rows, columns, untagged, rejected, sampled: sampledBy(this.table) }
  }
}
