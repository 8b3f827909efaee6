import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { Columns } from '../../importers/columns.ts'
import { detectDelimiter, type LogicalRecord, RecordSplitter, splitFields } from '../../importers/delimited.ts'
import type { ImportFormat, ImportOutcome, RowReader } from '../../importers/importer.ts'
import { JsonElementSplitter } from '../../importers/json-array.ts'
import { type Answer, AnswerLogBuilder } from '../answer-log.ts'
import {
  type AnswerFile,
  type AnswerSource,
  type LoaderFormat,
  NO_TOPIC,
  type OpenAnswerFile,
  type SourceSettings,
} from './answer-file.ts'
import { LoadError } from './load-error.ts'

/** How an import format is read as answers. */
export interface AsAnswers {
  id: string
  /** Options unless others are given. */
  options?: Record<string, string>
  /** The times say nothing but the order. */
  timeless?(options: Record<string, string>): boolean
}

/**
 * Graded evidence of an import format as answers. Where the format has a clock, a student's answers are put in its order,
 * and answers that share an instant are one bundle: as the stream takes them.
 */
export function loaderOf(format: ImportFormat, { id, options = {}, timeless = () => false }: AsAnswers): LoaderFormat {
  return {
    id,
    summary: format.summary,
    companions: format.companions,
    source: (settings) => {
      const merged = { ...options, ...settings.options }
      return new ImportedSource(format, { ...settings, options: merged }, !timeless(merged))
    },
  }
}

class ImportedSource implements AnswerSource {
  private readonly format: ImportFormat
  private readonly settings: SourceSettings
  private readonly clock: boolean
  private readonly answers: Answer[] = []
  private readonly columns: ReadonlyMap<string, string[]>
  private rows = 0
  private untagged = 0
  private rejected = 0

  constructor(format: ImportFormat, settings: SourceSettings, clock: boolean) {
    this.format = format
    this.settings = settings
    this.clock = clock
    this.columns = new Map(settings.columns.map((c) => [c, []]))
  }

  open({ fileName, companions }: OpenAnswerFile): AnswerFile {
    const { format, settings } = this
    const splitter =
      format.container === 'json'
        ? new JsonElementSplitter()
        : new RecordSplitter({ quoting: format.quoting ?? 'rfc4180' })
    /** Source row by line, for outcomes that come later than their row. */
    const rowOf = new Map<number, number>()
    let reader: RowReader | null = null
    let keep: (raw: string) => void = () => {}
    const open = (header: string) => {
      try {
        reader = format.open({
          header,
          fileName,
          companions,
          options: settings.options,
          // A student keeps the source's own name: answers stay in this process, and the report names no student.
          context: { tenant: 'evaluation', pseudonym: (id) => id },
        })
        keep = this.keeper(header)
      } catch (e) {
        throw new LoadError(fileName, {}, (e as Error).message, { cause: e })
      }
    }
    const read = (records: LogicalRecord[]) => {
      for (const { raw, line } of records) {
        if (reader === null) {
          open(raw)
          continue
        }
        keep(raw)
        rowOf.set(line, this.rows++)
        this.take(reader.row(raw, line), rowOf, fileName)
      }
    }
    if (format.container === 'json') open('')
    return {
      push: (chunk) => read(splitter.push(chunk)),
      end: () => {
        read(splitter.end())
        if (reader === null) throw new LoadError(fileName, {}, 'The file is empty; it needs a header line.')
        this.take(reader.end(), rowOf, fileName)
      },
    }
  }

  /** Keeps the columns that were asked for. */
  private keeper(header: string): (raw: string) => void {
    if (this.columns.size === 0) return () => {}
    if (this.format.container === 'json') {
      return (raw) => {
        const row = parsed(raw)
        for (const [name, values] of this.columns) values.push(row[name] == null ? '' : String(row[name]))
      }
    }
    const delimiter = this.format.quoting === 'none' ? '\t' : detectDelimiter(header)
    const columns = new Columns(this.format.id, header, delimiter)
    const places = columns.require([...this.columns.keys()], 'Name columns of the file.')
    return (raw) => {
      const fields = splitFields(raw, delimiter)
      let i = 0
      for (const values of this.columns.values()) values.push(fields?.[places[i++]!] ?? '')
    }
  }

  private take(outcomes: ImportOutcome[], rowOf: ReadonlyMap<number, number>, fileName: string): void {
    for (const outcome of outcomes) {
      if (outcome.type === 'event') this.answer(outcome.event, rowOf)
      else if (outcome.type === 'reject') {
        if (!this.settings.skipRejects) throw new LoadError(fileName, { line: outcome.line }, outcome.message)
        this.rejected++
      }
    }
  }

  private answer(event: LearningEvent, rowOf: ReadonlyMap<number, number>): void {
    if (event.role !== 'evidence' || event.score === null) return
    const extra: Record<string, number> = {}
    const put = (name: string, value: number | null | undefined) => {
      if (value != null) extra[name] = value
    }
    put('response_ms', event.response_time_ms)
    put('hints', event.hints)
    put('help_requests', event.help_requests)
    put('attempt', event.attempt_number)
    put('attempts', event.actions?.['attempts'])
    if (event.topics.length === 0) this.untagged++
    this.answers.push({
      student: event.student,
      item: event.item,
      topics: event.topics.length === 0 ? [NO_TOPIC] : event.topics,
      correct: event.score >= 0.5,
      at: this.clock ? event.occurred_at : Number.NaN,
      bundle: this.clock ? String(event.occurred_at) : null,
      row: rowOf.get(event.source_sequence ?? -1) ?? -1,
      extra,
    })
  }

  build() {
    if (this.clock) this.answers.sort((a, b) => a.at - b.at || a.row - b.row)
    const builder = new AnswerLogBuilder()
    for (const a of this.answers) builder.add(a)
    const { rows, columns, untagged, rejected } = this
    return { log: builder.build(), rows, columns, untagged, rejected }
  }
}

function parsed(raw: string): Record<string, unknown> {
  try {
    return { ...(JSON.parse(raw) as object) }
  } catch {
    return {}
  }
}
