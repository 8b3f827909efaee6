import type { ErasureRow, ErasureRows } from '@mastery/gold/src/erasure-rows.ts'
import type { Doomed, Removal, RowRemoval } from '@mastery/infra/adapters/clickhouse/removal.ts'
import { isDerived, type PersonalTable } from '@mastery/infra/provision/gold/personal.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import type { Process, Scheduler } from './scheduler.ts'
import { type Owns, type Replacing, rowOf } from './sim-gold.ts'

/** Whether a removal is about this row: for rows what the SQL of the real one is for ClickHouse. */
function meant(row: Record<string, string>, d: Doomed, { table, partition, generation }: Removal): boolean {
  const { place, placedWhere, keep, topic } = table as PersonalTable
  if (row.student_id !== d.student) return false
  if (row.tenant !== d.tenant && !(table.tenantOptional && row.tenant === '\\N')) return false
  if (isDerived(topic) && row.generation !== String(generation)) return false
  if (keep?.values.includes(row[keep.column]!)) return false
  if (place === null) return true
  const at = Number(row[place.column])
  const before = place.inclusive ? at <= d.below : at < d.below
  if (!placedWhere) return row.src_partition === String(partition) && before
  const here = row[placedWhere.column] === placedWhere.value && row.origin_partition === String(partition)
  return !here || before
}

function* doomed(gold: Replacing, of: Removal): Generator<readonly [key: string, student: string]> {
  for (const [key, { line }] of gold.tables.get(of.table.table)!) {
    const row = rowOf(of.table.table, line)
    for (const d of of.students) if (meant(row, d, of)) yield [key, d.student]
  }
}

/** Removal of rows as one process sees it. */
export class RemovalPort implements RowRemoval {
  private readonly gold: Replacing
  private readonly scheduler: Scheduler
  private readonly process: Process

  constructor(gold: Replacing, scheduler: Scheduler, process: Process) {
    this.gold = gold
    this.scheduler = scheduler
    this.process = process
  }

  count(of: Removal): Promise<Map<string, number>> {
    return this.scheduler.effect(this.process, {
      port: 'gold',
      kind: 'read',
      name: `count erased in ${of.table.table}`,
      perform: () => {
        const counts = new Map<string, number>()
        for (const [, student] of doomed(this.gold, of)) counts.set(student, (counts.get(student) ?? 0) + 1)
        return counts
      },
    })
  }

  remove(of: Removal): Promise<void> {
    return this.scheduler.effect(this.process, {
      port: 'gold',
      kind: 'write',
      name: `remove erased from ${of.table.table}`,
      perform: () => {
        const rows = this.gold.tables.get(of.table.table)!
        for (const [key] of [...doomed(this.gold, of)]) rows.delete(key)
      },
    })
  }

  removeRejects(of: readonly { tenant: string; student: string; until: number }[]): Promise<number> {
    return this.scheduler.effect(this.process, {
      port: 'gold',
      kind: 'write',
      name: `remove rejects of ${of.length} erased`,
      perform: () => {
        const rows = this.gold.tables.get('rejects')!
        let removed = 0
        for (const [key, { line }] of [...rows]) {
          const row = rowOf('rejects', line)
          const observed = Date.parse(`${row.observed_at!.replace(' ', 'T')}Z`)
          if (!of.some((r) => r.student === row.student_id && observed <= r.until)) continue
          rows.delete(key)
          removed++
        }
        return removed
      },
    })
  }
}

/** An erasure as gold has noted it. */
export interface Noted extends ErasureRow {
  part: string
  partition: number
  at: number
  /** Written by a process that was replaced: what it counted and removed after that, it may not have finished. */
  stray: boolean
}

type Where = { part: string; partition: number; at: number }

/** The account of erasures itself. */
export class SimErasures {
  readonly rows = new Map<string, Noted>()

  note({ part, partition, at }: Where, rows: readonly ErasureRow[], stray: boolean): void {
    for (const r of rows) {
      const id = `${r.tenant}/${r.student_id}/${r.command_id}/${part}`
      const there = this.rows.get(id)
      if (!there || there.at <= at) this.rows.set(id, { ...r, part, partition, at, stray })
    }
  }
}

/** The account of erasures as one process sees it. */
export class ErasuresPort implements ErasureRows {
  private readonly erasures: SimErasures
  private readonly scheduler: Scheduler
  private readonly process: Process
  private readonly owns: Owns

  constructor(erasures: SimErasures, scheduler: Scheduler, process: Process, owns: Owns) {
    this.erasures = erasures
    this.scheduler = scheduler
    this.process = process
    this.owns = owns
  }

  private read(which: (n: Noted) => boolean): Promise<ErasureRow[]> {
    return this.scheduler.effect(this.process, {
      port: 'gold',
      kind: 'read',
      name: 'read erasures',
      perform: () => [...this.erasures.rows.values()].filter(which),
    })
  }

  ofPartition(partition: number): Promise<ErasureRow[]> {
    return this.read((n) => n.part === 'learning.events' && n.partition === partition)
  }

  ofStudents(students: readonly string[]): Promise<ErasureRow[]> {
    return this.read((n) => n.part === 'learning.events' && students.includes(n.student_id))
  }

  ofCommands(part: string, ids: readonly string[]): Promise<ErasureRow[]> {
    return this.read((n) => n.part === part && ids.includes(n.command_id))
  }

  note(where: Where, rows: readonly ErasureRow[]): Promise<void> {
    return this.scheduler.effect(this.process, {
      port: 'gold',
      kind: 'write',
      name: `note ${rows.length} erasures of ${where.part}`,
      perform: () => {
        const topic = where.part as TopicName
        const generation = Number(/\.g(\d+)$/.exec(topic)?.[1] ?? 0)
        for (const row of rows)
          this.erasures.note(where, [row], !this.owns(this.process, topic, generation, row.student_id))
      },
    })
  }
}
