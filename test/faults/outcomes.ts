import type { Ingest } from '@mastery/cli/src/ingest.ts'
import type { Tenant } from '@mastery/infra/config/secrets.ts'
import { pseudonymiser } from '@mastery/infra/config/secrets.ts'
import { importFormat } from '@mastery/topology/importers/formats.ts'
import type { ImportOutcome } from '@mastery/topology/importers/importer.ts'
import { TextImport } from '@mastery/topology/importers/text-import.ts'
import { type AnswersOptions, answersCsv } from '../generators/answers-csv.ts'
import { type SchoolSize, schoolOf } from './school.ts'

/** What an importer made of a row, or the time that comes after it. */
export type Sent = ImportOutcome | { type: 'tick'; at: number }

/** What is sent of a tenant: what an importer made of its file, or the year of its simulated school. */
export interface Outcomes {
  tenant: string
  all: Sent[]
  /** Whose roster and rules come first. */
  school: SchoolSize | null
  /** Greatest event time. */
  newest: number
}

export interface TenantFile extends Partial<AnswersOptions> {
  rows: number
  school?: never
  /** Changes what the importer made, for what a file can't say. */
  edit?(all: ImportOutcome[]): ImportOutcome[]
}

/** A tenant that is a simulated school, with time between its events. */
export interface SchoolFile {
  school: SchoolSize
}

const newestOf = (all: readonly Sent[]) =>
  all.reduce((t, o) => (o.type === 'event' ? Math.max(t, o.event.observed_at) : t), 0)

export function outcomesOf(tenant: Tenant, file: TenantFile | SchoolFile): Outcomes {
  if (file.school) {
    const all: Sent[] = [...schoolOf(tenant, file.school).records()]
    return { tenant: tenant.id, all, school: file.school, newest: newestOf(all) }
  }
  const { edit = (all) => all, ...options } = file
  const { text } = answersCsv({ seed: file.rows + tenant.id.length, students: 60, topics: 8, ...options })
  const context = { tenant: tenant.id, pseudonym: pseudonymiser(tenant) }
  const input = { fileName: `${tenant.id}.csv`, companions: {}, options: {}, context }
  const reader = new TextImport(importFormat('csv'), input)
  const all = edit([...reader.push(text), ...reader.end()])
  return {
    tenant: tenant.id,
    all,
    school: null,
    newest: newestOf(all),
  }
}

/** As the import command does. */
export function take(ingest: Ingest, tenant: string, o: Sent): void {
  if (o.type === 'event') ingest.event(o.event)
  else if (o.type === 'tick') ingest.tick(o.at)
  else if (o.type === 'reject')
    ingest.reject(tenant, {
      code: o.code,
      message: o.message,
      origin: `file:${tenant}.csv`,
      row: { format: 'csv', file: `${tenant}.csv`, line: o.line, options: {}, header: '', row: o.raw },
      student: o.student,
    })
}

/** A share of a file, 0 to 1, and how it is sent. `tick`: whether one follows; by default after the end of the file. */
export interface Part {
  from?: number
  to?: number
  appends?: number
  pauseMs?: number
  tick?: boolean
}

/** Appends part of a tenant's file to the log, as an import does, in so many appends with a pause between. */
export async function feed(ingest: Ingest, { tenant, all, newest }: Outcomes, part: Part): Promise<void> {
  const { from = 0, to = 1, appends = 8, pauseMs = 0, tick = to === 1 } = part
  const [first, end] = [from, to].map((share) => Math.floor(all.length * share)) as [number, number]
  const some = all.slice(first, end)
  const each = Math.max(1, Math.ceil(some.length / appends))
  // A reject bears the time of the newest event before it.
  for (const o of all.slice(0, first))
    if (o.type === 'event') ingest.newest = Math.max(ingest.newest, o.event.occurred_at)
  for (const [i, o] of some.entries()) {
    take(ingest, tenant, o)
    if ((i + 1) % each !== 0) continue
    await ingest.finish()
    if (pauseMs > 0) await new Promise((r) => setTimeout(r, pauseMs))
  }
  if (tick) ingest.tick(newest)
  await ingest.finish()
}
