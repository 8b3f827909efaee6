import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { Columns } from '../../importers/columns.ts'
import { detectDelimiter, type LogicalRecord, RecordSplitter, splitFields } from '../../importers/delimited.ts'
import type { ImportFormat, ImportOutcome, RowReader } from '../../importers/importer.ts'
import { JsonElementSplitter } from '../../importers/json-array.ts'
import {
  type AnswerFile,
  type AnswerSource,
  type LoaderFormat,
  NO_TOPIC,
  type OpenAnswerFile,
  type SourceSettings,
} from './answer-file.ts'
import { AnswerTable, sampledBy } from './answer-table.ts'
import { LoadError } from './load-error.ts'
import { RowNumbers } from './row-numbers.ts'

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
  private readonly table: AnswerTable
  /** Of the file that is being read: forgets a student who was let go. */
  private forget: (student: string) => void = () => {}
  private readonly columns: ReadonlyMap<string, string[]>
  private rows = 0
  private untagged = 0
  private rejected = 0

  constructor(format: ImportFormat, settings: SourceSettings, clock: boolean) {
    this.format = format
    this.settings = settings
    this.clock = clock
    this.columns = new Map(settings.columns.map((c) => [c, []]))
    const { bound } = settings
    this.table = new AnswerTable(bound && { ...bound, onLeave: (student) => this.forget(student) })
  }

  open({ fileName, companions }: OpenAnswerFile): AnswerFile {
    const { format, settings } = this
    const splitter =
      format.container === 'json'
        ? new JsonElementSplitter()
        : new RecordSplitter({ quoting: format.quoting ?? 'rfc4180' })
    const rowOf = new RowNumbers()
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
          context: { tenant: 'evaluation', pseudonym: (id) => this.kept(id), nameless: true },
        })
        this.forget = (student) => reader?.forget?.(student)
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
        rowOf.add(line, this.rows++)
        const opened = reader
        this.take(
          this.read(() => opened.row(raw, line)),
          rowOf,
          fileName,
        )
      }
    }
    if (format.container === 'json') open('')
    return {
      push: (chunk) => read(splitter.push(chunk)),
      end: () => {
        read(splitter.end())
        if (reader === null) throw new LoadError(fileName, {}, 'The file is empty; it needs a header line.')
        const opened: RowReader = reader
        this.take(
          this.read(() => opened.end()),
          rowOf,
          fileName,
        )
      },
    }
  }

  /** What a reader gives; nothing where it asks for a student who is not kept: it looks no further then. */
  private read(outcomes: () => ImportOutcome[]): ImportOutcome[] {
    try {
      return outcomes()
    } catch (e) {
      if (e !== NOT_KEPT) throw e
      return []
    }
  }

  private kept(student: string): string {
    if (!this.table.admits(student)) throw NOT_KEPT
    return student
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

  private take(outcomes: ImportOutcome[], rowOf: RowNumbers, fileName: string): void {
    for (const outcome of outcomes) {
      if (outcome.type === 'event') this.answer(outcome.event, rowOf)
      else if (outcome.type === 'reject') {
        if (!this.settings.skipRejects) throw new LoadError(fileName, { line: outcome.line }, outcome.message)
        this.rejected++
      }
    }
  }

  private answer(event: LearningEvent, rowOf: RowNumbers): void {
    if (event.role !== 'evidence' || event.score === null) return
    const { student, item, topics } = event
    const row = rowOf.of(event.source_sequence ?? -1)
    this.table.add(student, item, event.score >= 0.5, event.occurred_at, row)
    if (topics.length === 0) this.untagged++
    for (const topic of topics.length === 0 ? [NO_TOPIC] : topics) this.table.topic(topic)
    this.put('response_ms', event.response_time_ms)
    this.put('hints', event.hints)
    this.put('help_requests', event.help_requests)
    this.put('attempt', event.attempt_number)
    this.put('attempts', event.actions?.['attempts'])
  }

  private put(name: string, value: number | null | undefined): void {
    if (value != null) this.table.extra(name, value)
  }

  build() {
    const log = this.table.build({ clock: this.clock, byTime: this.clock, instants: this.clock })
    const { rows, columns, untagged, rejected } = this
    return { log, rows, columns, untagged, rejected, sampled: sampledBy(this.table) }
  }
}

/** Thrown through a reader, so that it keeps nothing of a student who is not kept; no error, and made once. */
const NOT_KEPT = new Error('The student is not in the sample.')

function parsed(raw: string): Record<string, unknown> {
  try {
    return { ...(JSON.parse(raw) as object) }
  } catch {
    return {}
  }
}
