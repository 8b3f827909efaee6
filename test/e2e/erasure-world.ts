import { PERSONAL } from '@mastery/infra/provision/gold/personal.ts'
import { masteryOk, type Place, sqlRows } from '../processes/here.ts'

export const STUDENTS = 8
export const ROWS = 480

/** Answers of students s0 to s7 in turn, on five topics, over March 2025. */
export function csv(rows = ROWS): string {
  const lines = ['student,item,topic,correct,occurred_at']
  for (let i = 0; i < rows; i++) {
    const at = new Date(Date.UTC(2025, 2, 1) + Math.floor((i * 30 * 86_400_000) / rows)).toISOString()
    lines.push(`s${i % STUDENTS},q${i % 50},t${i % 5},${(i * 7) % 3 === 0 ? 0 : 1},${at}`)
  }
  return `${lines.join('\n')}\n`
}

export interface Receipt {
  receipt_id: string
  status: string
  waiting_for: string[]
  readmitted_at: string | null
  late_dropped: number
  gold: { table: string; removed: number; left: number; verified: boolean }[]
  state: { store: string; found: string }[]
  topics: { topic: string; gone_by: string | null; removed: number }[]
}

export const parse = <T>(text: string): T => JSON.parse(text.trim().split('\n').at(-1)!) as T

export async function erase(place: Place, student: string): Promise<Receipt> {
  return parse<Receipt>((await masteryOk(['erase', '--student', student, '--yes', '--json'], place)).out)
}

export async function imported(place: Place, file: string) {
  const { out } = await masteryOk(['import', '--format', 'csv', '--file', file, '--json'], place)
  return parse<{ events: number; duplicates: number; erased: number }>(out)
}

/** All current rows of the students that are left, without what a run of its own may differ in. */
export async function rowsOfOthers(place: Place, pseudonym: string): Promise<unknown> {
  const rows: Record<string, unknown> = {}
  for (const table of ['student_mastery_rows', 'student_topic_features', 'next_correct_prediction_rows'])
    rows[table] = (
      await sqlRows(
        `SELECT * EXCEPT (src_offset, version, last_updated) FROM ${table} FINAL WHERE student_id != '${pseudonym}' ORDER BY ALL`,
        place,
      )
    ).map((r) => JSON.stringify(r))
  return rows
}

export async function left(place: Place, pseudonym: string): Promise<Record<string, number>> {
  // Rows that stay may stand there twice until they are merged; of those that go not even a replaced one may be left.
  const stays = ['student_commands', 'event_dispositions']
  const counts = PERSONAL.map(
    ({ table }) =>
      `(SELECT count() FROM ${table} ${stays.includes(table) ? 'FINAL' : ''} WHERE student_id = '${pseudonym}') AS ${table}`,
  )
  const [row] = await sqlRows<Record<string, number>>(`SELECT ${counts.join(', ')}`, place)
  return Object.fromEntries(Object.entries(row!).map(([t, n]) => [t, Number(n)]))
}

export const GONE = Object.fromEntries(PERSONAL.map(({ table }) => [table, 0]))
