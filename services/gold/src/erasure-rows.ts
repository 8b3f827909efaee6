import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'

/** As far as a DateTime64 reaches; stands for "until readmitted". */
export const NEVER = Date.UTC(2299, 11, 31, 23, 59, 59, 999)

/** An erasure in one part, the topic whose rows it removed. Times in UTC milliseconds. */
export interface ErasureRow {
  student_id: string
  tenant: string
  command_id: string
  floor_ms: number
  erased_ms: number
  readmitted_ms: number | null
  /** Rows removed, by table. */
  counts: Record<string, number>
  verified: boolean
  src_offset: number
}

/** The account of erasures that the sink keeps; a simulation has its own. Methods throw a TransientError where trying again helps. */
export interface ErasureRows {
  /** Those in the part learning.events. */
  ofPartition(partition: number): Promise<ErasureRow[]>
  /** Those in the part learning.events. */
  ofStudents(students: readonly string[]): Promise<ErasureRow[]>
  ofCommands(part: string, ids: readonly string[]): Promise<ErasureRow[]>
  /** Replaces the rows of the same commands in this part. `at`: of two rows the later counts. */
  note(where: { part: string; partition: number; at: number }, rows: readonly ErasureRow[]): Promise<void>
}

/** The account in ClickHouse. */
export class GoldErasures implements ErasureRows {
  private readonly gold: Pick<ClickHouseGold, 'insert' | 'query'>

  constructor(gold: Pick<ClickHouseGold, 'insert' | 'query'>) {
    this.gold = gold
  }

  ofPartition(partition: number): Promise<ErasureRow[]> {
    return this.select("part = 'learning.events' AND src_partition = {partition:UInt16}", { partition })
  }

  ofStudents(students: readonly string[]): Promise<ErasureRow[]> {
    return this.select("part = 'learning.events' AND student_id IN {students:Array(String)}", { students })
  }

  ofCommands(part: string, ids: readonly string[]): Promise<ErasureRow[]> {
    return this.select('part = {part:String} AND command_id IN {ids:Array(String)}', { part, ids })
  }

  note(
    { part, partition, at }: { part: string; partition: number; at: number },
    rows: readonly ErasureRow[],
  ): Promise<void> {
    const columns = rows.map((r) => [
      r.tenant,
      r.student_id,
      r.command_id,
      part,
      r.floor_ms,
      r.erased_ms,
      r.readmitted_ms,
      r.counts,
      r.verified,
      '',
      at,
      partition,
      r.src_offset,
    ])
    return this.gold.insert([{ table: 'erasures', rows: columns }])
  }

  private select(where: string, params: Record<string, unknown>): Promise<ErasureRow[]> {
    return this.gold.query<ErasureRow>(
      `SELECT student_id, tenant, command_id, toUnixTimestamp64Milli(floor_at) AS floor_ms, toUnixTimestamp64Milli(erased_at) AS erased_ms,
        toUnixTimestamp64Milli(readmitted_at) AS readmitted_ms, counts, verified, src_offset FROM erasures FINAL WHERE ${where}`,
      params,
    )
  }
}
