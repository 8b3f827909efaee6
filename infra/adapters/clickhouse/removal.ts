import { quote } from '../../provision/gold/ddl.ts'
import { isDerived, type PersonalTable } from '../../provision/gold/personal.ts'
import { goldTable } from '../../provision/gold/tables.ts'
import type { ClickHouseGold } from './gold.ts'

/** A student whose rows go: those from before offset `below` of the table's topic. */
export interface Doomed {
  tenant: string
  student: string
  below: number
}

/** Rows of several students in one table and one partition of its topic. */
export interface Removal {
  table: PersonalTable
  partition: number
  generation: number
  students: readonly Doomed[]
}

/** What the sink needs of gold to erase; a simulation has its own. */
export interface RowRemoval {
  /** Rows that a removal is about, by student. Replaced ones are found as well; of equal ones one counts. */
  count(of: Removal): Promise<Map<string, number>>
  /** Removes them from the disk. Resolves once no query finds them. */
  remove(of: Removal): Promise<void>
  /** Removes rejects of these students that were observed up to `until`, UTC milliseconds; resolves to their number. */
  removeRejects(of: readonly { tenant: string; student: string; until: number }[]): Promise<number>
}

/** The condition of a removal as SQL. */
function conditionOf({ table, partition, generation, students }: Removal): string {
  const { place, placedWhere, keep } = table
  const one = (d: Doomed) => {
    const is = `student_id = ${quote(d.student)}`
    const who = table.tenantOptional
      ? `${is} AND ifNull(tenant, ${quote(d.tenant)}) = ${quote(d.tenant)}`
      : `tenant = ${quote(d.tenant)} AND ${is}`
    if (place === null) return `(${who})`
    const before = `${place.column} ${place.inclusive ? '<=' : '<'} ${Math.trunc(d.below)}`
    if (!placedWhere) return `(${who} AND src_partition = ${partition} AND ${before})`
    return `(${who} AND NOT (${placedWhere.column} = ${quote(placedWhere.value)} AND origin_partition = ${partition} AND NOT ${before}))`
  }
  const parts = [`(${students.map(one).join(' OR ')})`]
  if (isDerived(table.topic)) parts.push(`generation = ${Math.trunc(generation)}`)
  if (keep) parts.push(`${keep.column} NOT IN (${keep.values.map(quote).join(', ')})`)
  return parts.join(' AND ')
}

/** Gold as far as removals need it: to count, queries are enough. */
type CountingGold = GoldRows & { deleteRows?(table: string, condition: string): Promise<void> }

/** What a removal asks of gold. */
export type GoldRows = Pick<ClickHouseGold, 'query' | 'deleteRows'>

/** Removal of students' rows from ClickHouse. */
export class GoldRemoval implements RowRemoval {
  private readonly gold: CountingGold

  constructor(gold: CountingGold) {
    this.gold = gold
  }

  async count(of: Removal): Promise<Map<string, number>> {
    const key = goldTable(of.table.table).order
    const rows = await this.gold.query<{ student_id: string; n: number }>(
      `SELECT student_id, uniqExact(${key.join(', ')}) AS n FROM ${of.table.table} WHERE ${conditionOf(of)} GROUP BY student_id`,
    )
    return new Map(rows.map((r) => [r.student_id, Number(r.n)]))
  }

  async remove(of: Removal): Promise<void> {
    await this.delete(of.table.table, conditionOf(of))
  }

  async removeRejects(of: readonly { tenant: string; student: string; until: number }[]): Promise<number> {
    const condition = of
      .map(
        (r) =>
          `(student_id = ${quote(r.student)} AND ifNull(tenant, ${quote(r.tenant)}) = ${quote(r.tenant)} AND observed_at <= fromUnixTimestamp64Milli(toInt64(${Math.trunc(r.until)}), 'UTC'))`,
      )
      .join(' OR ')
    const [found] = await this.gold.query<{ n: number }>(`SELECT count() AS n FROM rejects WHERE ${condition}`)
    const n = Number(found?.n ?? 0)
    if (n > 0) await this.delete('rejects', condition)
    return n
  }

  private async delete(table: string, condition: string): Promise<void> {
    if (!this.gold.deleteRows) throw new Error('This gold can be counted in, not removed from.')
    await this.gold.deleteRows(table, condition)
  }
}
