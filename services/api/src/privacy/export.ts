import { KEPT, PERSONAL } from '@mastery/infra/provision/gold/personal.ts'
import { readScoreMeta } from '@mastery/infra/runtime/artefacts.ts'
import type { Reject } from '@mastery/schemas/src/generated/reject.gen.ts'
import type { Identity } from '@mastery/topology/ports/identity-vault.ts'
import { TOPICS } from '@mastery/topology/topics.ts'
import type { PrivacyParts, Subject } from './parts.ts'
import { scopeOf, statesOf } from './state-check.ts'
import { decodedAlerts, decodedScores, decodedWindows } from './states-decoded.ts'

/** Opens the bytes of rejects; null: the caller may not see them. */
export type Unseal = ((bytes: Uint8Array, encryption: string | null) => Buffer) | null

/** Everything held about one student. */
export interface StudentExport {
  tenant: string
  student_id: string
  exported_at: string
  readme: string
  /** Rows by table, as gold has them. */
  gold: Record<string, Record<string, unknown>[]>
  /** Decoded states by stage and generation. */
  state: Record<string, Record<string, unknown>>
  /** Name, address and language as the identity vault has them; null: it has nothing of the student. */
  identity: Identity | null
  /** Jobs that name the student. */
  jobs: unknown[]
  /** Whether anything but an erasure and its traces was found. */
  known: boolean
}

const ABOUT = new Map([...PERSONAL, ...KEPT].map((t) => [t.table, t.about]))

/** Every table of the inventory, every generation's states, the jobs. */
export async function exportStudent(parts: PrivacyParts, of: Subject, unseal: Unseal): Promise<StudentExport> {
  const gold: StudentExport['gold'] = {}
  for (const table of ABOUT.keys()) gold[table] = await rowsOf(parts, table, of)
  gold['rejects'] = await Promise.all((gold['rejects'] ?? []).map((r) => withBytes(parts, r, unseal)))
  const state: StudentExport['state'] = {}
  for (const g of parts.generations()) {
    const { features, scoring, alerts } = await statesOf(parts, of.student, g)
    const meta = await parts.state.peek(scopeOf(parts, of.student, g, 'scoring'))
    if (features) state[`features.g${g.id}`] = decodedWindows(features, of.student)
    if (scoring)
      state[`scoring.g${g.id}`] = decodedScores(scoring, await readScoreMeta(meta?.meta, parts.provide), of.student)
    if (alerts) state[`alerts.g${g.id}`] = decodedAlerts(alerts, of.student)
  }
  const jobs = parts.jobs === null ? [] : await (await parts.jobs()).list({ limit: 100_000 })
  const identity = parts.roster === null ? null : await parts.roster.identity(of)
  const kept = new Set(KEPT.map((t) => t.table))
  return {
    tenant: of.tenant,
    student_id: of.student,
    exported_at: new Date(parts.now()).toISOString(),
    readme: readmeOf(parts, unseal !== null),
    gold,
    state,
    identity,
    jobs: jobs.filter((j) => JSON.stringify([j.payload, j.result]).includes(of.student)),
    known: identity !== null || Object.entries(gold).some(([table, rows]) => rows.length > 0 && !kept.has(table)),
  }
}

/** A reject may have no tenant; its pseudonym is the student's all the same. */
async function rowsOf(parts: PrivacyParts, table: string, { tenant, student }: Subject) {
  return parts.gold.query<Record<string, unknown>>(
    `SELECT * FROM ${table} FINAL WHERE student_id = {student:String} AND ifNull(toNullable(toString(tenant)), {tenant:String}) = {tenant:String} ORDER BY ALL`,
    { tenant, student },
  )
}

async function withBytes(parts: PrivacyParts, row: Record<string, unknown>, unseal: Unseal) {
  if (unseal === null) return { ...row, bytes: null, bytes_note: 'sealed; for operators only' }
  const at = Number(row['log_offset'])
  const [record] = await parts.log.read('learning.rejects', Number(row['log_partition']), at, 1)
  if (record?.offset !== at) return { ...row, bytes: null, bytes_note: 'no longer in learning.rejects' }
  const reject = parts.codec.decode(record.value).value as Reject
  return { ...row, bytes: unseal(reject.bytes, reject.encryption).toString('base64'), bytes_note: 'base64' }
}

function readmeOf(parts: PrivacyParts, unsealed: boolean): string {
  const topics = TOPICS.filter((t) => t.key === 'student pseudonym')
  return `What is held about one student

student_id is a pseudonym: a keyed hash of the id that the school uses. Name, address and language, where a roster was
imported, stand in an encrypted vault (identity.json), and nowhere else. No free text is kept.
Times are UTC. Tables hold every generation of the computation; readers see the active one.

gold: rows of the analytical store
${[...ABOUT].map(([table, about]) => `  ${table}: ${about}`).join('\n')}

state: what the running stages know
  features.gN: recent events as numbers, and what corrects them. Ids of events and items are hashes.
  scoring.gN: what each model knows, per topic, and the opportunities that it may fold again.
  alerts.gN: the newest answers per topic, and where each alert about the student stands.
  N is the generation.

identity: what delivery and pages may print of the student; null where no roster has named the student.

jobs: repairs that name the student.

Bytes of rejects are ${unsealed ? 'opened (base64)' : 'left out: only operators may see them'}.
The log holds the same events, features, scores and alerts once more: ${topics.map((t) => `${t.name} (${parts.logExpires ? `${t.retentionDays} days` : 'kept'})`).join(', ')}.
`
}

/** The export as files: a README, and one JSON document per part. */
export function exportFiles(e: StudentExport): Map<string, string> {
  const files = new Map([['README.txt', e.readme]])
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
  const { tenant, student_id, exported_at } = e
  files.set('about.json', json({ tenant, student_id, exported_at }))
  for (const [table, rows] of Object.entries(e.gold)) files.set(`gold/${table}.json`, json(rows))
  for (const [name, state] of Object.entries(e.state)) files.set(`state/${name}.json`, json(state))
  files.set('identity.json', json(e.identity))
  files.set('jobs.json', json(e.jobs))
  return files
}
