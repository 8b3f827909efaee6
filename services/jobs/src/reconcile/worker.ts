import { parentPort } from 'node:worker_threads'
import { inOffsetOrder } from '@mastery/infra/adapters/clickhouse/history.ts'
import { COMMANDS, EVENTS } from '@mastery/infra/adapters/clickhouse/history-rows.ts'
import { rowsOf } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { openServers } from '@mastery/infra/runtime/engines.ts'
import { type FoldedHistory, foldHistory, type HistoryRecord } from '@mastery/topology/history/fold.ts'
import { type HistoryCheckpoint, readKept } from '@mastery/topology/history/kept.ts'
import { provideParameters } from '@mastery/topology/models/parameters.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import {
  compareStudent,
  type Stored,
  type StoredFeatures,
  type StoredScores,
} from '@mastery/topology/reconcile/compare.ts'
import { fieldIndex } from '@mastery/topology/reconcile/fields.ts'
import { Tally } from '@mastery/topology/reconcile/tally.ts'
import type { StateCodec } from '@mastery/topology/stage.ts'
import { inForce } from '@mastery/topology/stages/scoring/in-force.ts'
import { SCORE_META, type ScoreMeta } from '@mastery/topology/stages/scoring/meta.ts'
import { SCORE_STATE } from '@mastery/topology/stages/scoring/state.ts'
import { serveFolded } from '@mastery/topology/stages/scoring/together.ts'
import { WINDOW_STATE } from '@mastery/topology/stages/windowing/state.ts'
import { honouring, keptAfter } from '../rebuild/read.ts'
import { KEPT_DIFFERENCES, type RangeResult, type Round, type Task } from './messages.ts'
import { readFeatures, readScores } from './rows.ts'

interface Student {
  tenant: string
  records: HistoryRecord[]
  features: StoredFeatures[]
  scores: StoredScores[]
}

interface Folded {
  tenant: string
  student: string
  partition: number
  folded: FoldedHistory
  stored: Stored
}

/** Students that trained models see at a time. */
const ABREAST = 64
const servers = openServers(new ConsoleTelemetry('reconcile', true))
const ROWS = new Set([fieldIndex('features_row'), fieldIndex('mastery_row', 'all')])
let round: Round | null = null
const metas = new Map<number, ScoreMeta>()

function begin(r: Round): void {
  round = r
  metas.clear()
  for (const [file, bytes] of r.parameters) provideParameters(file, bytes)
  for (const [p, bytes] of r.metas) metas.set(p, bytes ? SCORE_META.decode(bytes, '') : SCORE_META.empty(''))
}

function group(task: Task): Map<string, Student> {
  const students = new Map<string, Student>()
  const of = (tenant: string, student: string): Student => {
    let s = students.get(student)
    if (s === undefined) students.set(student, (s = { tenant, records: [], features: [], scores: [] }))
    return s
  }
  for (const source of [EVENTS, COMMANDS])
    for (const r of rowsOf(source === EVENTS ? task.events : task.commands, source.read)) {
      const { tenant, student } = r.value as { tenant: string; student: string }
      of(tenant, student).records.push(r as HistoryRecord)
    }
  for (const [tenant, student] of task.checkpoints) of(tenant, student)
  for (const { tenant, student, row } of rowsOf(task.features, readFeatures)) of(tenant, student).features.push(row)
  for (const { tenant, student, row } of rowsOf(task.scores, readScores)) of(tenant, student).scores.push(row)
  return students
}

/** Bytes that are no state are as good as none. */
function decoded<S>(codec: StateCodec<S>, bytes: Uint8Array | null, student: string): S | null {
  try {
    return bytes === null ? null : codec.decode(bytes, student)
  } catch {
    return null
  }
}

function keptIn(payload: Uint8Array, student: string): HistoryCheckpoint | null {
  try {
    return readKept(payload, student)
  } catch {
    return null
  }
}

async function compare(task: Task, { windows, partitions, since }: Round): Promise<RangeResult> {
  const skip = new Set(task.skip)
  const installed = new Map(task.installed)
  const states = new Map(task.states.map(([student, w, s]) => [student, { w, s }]))
  const activated = new Map(since)
  const tally = new Tally()
  const out: RangeResult = {
    type: 'range',
    id: task.id,
    students: 0,
    events: 0,
    tally: tally.cells,
    differing: [],
    stale: [],
    approximate: 0,
    otherVersions: 0,
    fromCheckpoint: 0,
    behind: 0,
    expired: 0,
  }
  const checkpoints = new Map(task.checkpoints.map(([, student, payload]) => [student, payload]))
  const tell = ({ tenant, student, partition, folded, stored }: Folded) => {
    const c = compareStudent(
      folded,
      stored,
      { ...windows, scoring: metas.get(partition)! },
      {
        since: activated.get(partition) ?? 0,
        firstOffset: Math.max(0, folded.firstOffset),
        installedAt: installed.get(student) ?? -1,
      },
    )
    out.students++
    out.events += folded.events
    out.approximate += c.approximate
    if (folded.from !== null) out.fromCheckpoint++
    out.behind += folded.behind
    if (c.otherVersions) out.otherVersions++
    if (c.stale) out.stale.push({ tenant, student })
    tally.merge(c.tally)
    if (c.differences.length === 0) return
    out.differing.push({
      tenant,
      student,
      differences: c.differences.slice(0, KEPT_DIFFERENCES),
      count: c.differences.length,
      extra: [...new Set(c.differences.filter((d) => d.kind === 'extra' && ROWS.has(d.field)).map((d) => d.topic))],
    })
  }
  /** Folded and not yet seen by the trained models in force, by partition. */
  const waiting = new Map<number, Folded[]>()
  const flush = async (partition: number) => {
    const all = waiting.get(partition)!
    waiting.delete(partition)
    const scores = all.map((f) => f.folded.scores)
    await serveFolded(scores, windows.ring, metas.get(partition)!, servers)
    for (const f of all) tell(f)
  }
  for (const [student, { tenant, records, features, scores }] of group(task)) {
    if (skip.has(student)) continue
    const payload = checkpoints.get(student)
    const checkpoint = payload === undefined ? null : keptIn(payload, student)
    if (payload !== undefined && checkpoint === null) {
      out.expired++
      continue
    }
    const partition = partitionOf(student, partitions)
    const scoring = metas.get(partition)!
    const held = states.get(student)
    const stored: Stored = {
      features,
      scores,
      windows: decoded(WINDOW_STATE, held?.w ?? null, student),
      knowledge: decoded(SCORE_STATE, held?.s ?? null, student),
    }
    const erasure = stored.windows?.erasure ?? null
    const history = honouring(erasure, inOffsetOrder(records))
    const options = { ...windows, scoring, whole: true }
    const folded = foldHistory(student, history, options, keptAfter(erasure, checkpoint))
    const all = waiting.get(partition) ?? []
    all.push({ tenant, student, partition, folded, stored })
    waiting.set(partition, all)
    // Without trained models there is nothing to gain from keeping histories in memory.
    if (all.length >= (inForce(scoring).served.length > 0 ? ABREAST : 1)) await flush(partition)
  }
  for (const partition of [...waiting.keys()]) await flush(partition)
  return out
}

/** One after the other: models in force and parameters are the round's. */
let turn: Promise<void> = Promise.resolve()

parentPort!.on('message', (m: Round | Task) => {
  turn = turn.then(async () => {
    // Without a round there is nothing that a task could be compared with: the thread ends, and the pool says why.
    if (m.type === 'round') return begin(m)
    try {
      const result = await compare(m, round!)
      parentPort!.postMessage(result, [result.tally.buffer as ArrayBuffer])
    } catch (e) {
      const { message, stack } = e as Error
      parentPort!.postMessage({ type: 'failed', id: m.id, message, stack: stack ?? '' })
    }
  })
})
