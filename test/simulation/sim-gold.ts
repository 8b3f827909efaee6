import type { RowBuffer } from '@mastery/infra/adapters/clickhouse/row-buffer.ts'
import { addLine, type Encoder, encoderOf } from '@mastery/infra/adapters/clickhouse/tab-separated.ts'
import { isDerived, PERSONAL } from '@mastery/infra/provision/gold/personal.ts'
import { goldTable, TABLES } from '@mastery/infra/provision/gold/tables.ts'
import { type TopicName, topicAt } from '@mastery/topology/topics.ts'
import type { Process, Scheduler } from './scheduler.ts'

interface Table {
  encoders: Encoder[]
  /** Columns of the sorting key, and the version's, -1 for none. */
  order: number[]
  version: number
}

const tables = new Map<string, Table>()

function tableOf(name: string): Table {
  let t = tables.get(name)
  if (!t) {
    const { columns, order, version } = goldTable(name)
    const at = (column: string) => columns.findIndex((c) => c[0] === column)
    t = { encoders: columns.map((c) => encoderOf(c[1])), order: order.map(at), version: version ? at(version) : -1 }
    if (t.order.includes(-1)) throw new Error(`The sorting key of ${name} has a column that the table lacks.`)
    tables.set(name, t)
  }
  return t
}

/** One row as ClickHouse gets it, by the name of its columns. */
export function rowOf(table: string, line: string): Record<string, string> {
  const cells = line.split('\t')
  return Object.fromEntries(goldTable(table).columns.map((c, i) => [c[0], cells[i]!]))
}

export function encodeRows(table: string, rows: readonly (readonly unknown[])[], into: RowBuffer): void {
  const { encoders } = tableOf(table)
  for (const row of rows) addLine(encoders, row, into)
}

interface Stored {
  line: string
  version: number
}

/** Tables that keep one row per sorting key: of two the greater version, of equals the one that came last. */
export class Replacing {
  readonly tables = new Map<string, Map<string, Stored>>(TABLES.map((t) => [t.name, new Map()]))
  /** Every row that was ever inserted, by table and text. */
  readonly seen = new Set<string>()
  /** By table and key: when a row as new as this was first there, in effects. */
  private readonly arrivals = new Map<string, { version: number; seq: number }[]>()
  /** Rows that came last from a process that was replaced, or after it was told that they had not come. */
  readonly strays = new Set<string>()
  private readonly replaces: boolean

  /** Without `replaces` a repeated insert adds rows: a system that is broken on purpose. */
  constructor(replaces = true) {
    this.replaces = replaces
  }

  /** `lines`: rows in ClickHouse's TabSeparated. `stray`: whether a row, by its cells, should not come any more. */
  insert(
    table: string,
    lines: readonly string[],
    seq: number,
    stray: ((cells: readonly string[]) => boolean) | null = null,
  ): void {
    const { order, version } = tableOf(table)
    const rows = this.tables.get(table)!
    for (const line of lines) {
      const cells = line.split('\t')
      let key = order.map((i) => cells[i]).join('\t')
      if (!this.replaces && version < 0 && rows.has(key)) key += `\t${rows.size}`
      const stored = { line, version: version < 0 ? 0 : Number(cells[version]) }
      const there = rows.get(key)
      if (!there || there.version <= stored.version) rows.set(key, stored)
      if (stray && !there && stray(cells)) this.strays.add(`${table}\t${line}`)
      else if (this.strays.size > 0 && !there) this.strays.delete(`${table}\t${line}`)
      this.seen.add(`${table}\t${line}`)
      const id = `${table}\t${key}`
      const arrivals = this.arrivals.get(id)
      if (!arrivals) this.arrivals.set(id, [{ version: stored.version, seq }])
      else if (arrivals.at(-1)!.version < stored.version) arrivals.push({ version: stored.version, seq })
    }
  }

  /** After how many effects the row, or one that replaces it, was there; infinity for never. */
  since(table: string, line: string): number {
    const { order, version } = tableOf(table)
    const cells = line.split('\t')
    const found = this.arrivals.get(`${table}\t${order.map((i) => cells[i]).join('\t')}`)
    const wanted = version < 0 ? 0 : Number(cells[version])
    return found?.find((a) => a.version >= wanted)?.seq ?? Number.POSITIVE_INFINITY
  }
}

/** Whether a process is the one that has claimed the partition with the student whose rows it writes. */
export type Owns = (process: Process, topic: TopicName, generation: number, student: string) => boolean

/** Gold as one process sees it: what the writer of the gold service asks for. */
export class GoldPort {
  private readonly store: Replacing
  private readonly scheduler: Scheduler
  private readonly process: Process
  private readonly owns: Owns

  constructor(store: Replacing, scheduler: Scheduler, process: Process, owns: Owns) {
    this.store = store
    this.scheduler = scheduler
    this.process = process
    this.owns = owns
  }

  encode(table: string, rows: readonly (readonly unknown[])[], into: RowBuffer): void {
    encodeRows(table, rows, into)
  }

  async insertEncoded(table: string, bytes: Buffer): Promise<void> {
    let givenUp = false
    const inserted = this.scheduler.effect(this.process, {
      port: 'gold',
      kind: 'write',
      name: `insert ${bytes.length} bytes into ${table}`,
      perform: () => {
        const lines = bytes.toString('utf8').slice(0, -1).split('\n')
        this.store.insert(table, lines, this.scheduler.effects, this.strayIn(table, givenUp))
      },
    })
    await inserted.catch((e: Error) => {
      givenUp = true
      throw e
    })
  }

  /** Nothing fences an insert: a process that was replaced may bring rows of a student who was erased since. */
  private strayIn(table: string, givenUp: boolean): ((cells: readonly string[]) => boolean) | null {
    const personal = PERSONAL.find((t) => t.table === table)
    if (!personal || table === 'rejects') return null
    if (givenUp) return () => true
    const names = goldTable(table).columns.map((c) => c[0])
    const [student, generation] = [names.indexOf('student_id'), names.indexOf('generation')]
    const derived = isDerived(personal.topic)
    return (cells) => {
      const g = derived ? Number(cells[generation]) : 0
      return !this.owns(this.process, topicAt(personal.topic, g), g, cells[student]!)
    }
  }
}
