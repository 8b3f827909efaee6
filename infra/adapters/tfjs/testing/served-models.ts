import { answersOf, logOf } from '@mastery/topology/evaluation/testing/answers.ts'
import { blendLearner } from '@mastery/topology/learners/blend/learner.ts'
import { IRT_LEARNER } from '@mastery/topology/learners/irt/learner.ts'
import { BASES, treesLearner } from '@mastery/topology/learners/trees/learner.ts'
import { REASONS } from '@mastery/topology/learners/trees/reasons.ts'
import { weekLearner } from '@mastery/topology/learners/week/learner.ts'
import { filePayload, type ParameterFile, provideParameters } from '@mastery/topology/models/parameters.ts'
import { Servers } from '@mastery/topology/served/servers.ts'
import { SCORE_META } from '@mastery/topology/stages/scoring/meta.ts'
import type { ScoreState } from '@mastery/topology/stages/scoring/state.ts'
import { topicScore } from '@mastery/topology/stages/scoring/topic-score.ts'
import { exact } from '@mastery/topology/testing/exact.ts'
import { answer, DAY_ZERO, eventInput, marker, troublesomeLog } from '@mastery/topology/testing/learner-log.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import type { Scored } from './scored.ts'
import { SMALL_DKT, SMALL_SAKT, SMALL_WD_IRT, wasm } from './small.ts'

const SMALL = { folds: 2, rounds: 12, leaves: 6 }
export const SMALL_TREES = treesLearner('trees', 'small', BASES, SMALL)
const SMALL_BLEND = blendLearner('blend', 'small', BASES, SMALL)
export const SMALL_WEEK = weekLearner('topics', BASES, SMALL, 'trees-week')
export const MIXED_LEARNERS = [IRT_LEARNER, SMALL_DKT, SMALL_SAKT, SMALL_WD_IRT, SMALL_TREES]
export const LEARNERS = [...MIXED_LEARNERS, SMALL_WEEK]
export const ALL = [...LEARNERS, SMALL_BLEND]
/** Of the next answer. */
export const NEXT = [...MIXED_LEARNERS, SMALL_BLEND]
const made = answersOf(21, { students: 50, answers: 30 })
const names = [...new Set(made.map((a) => a.student))]
const isNew = new Set(names.slice(35))
export const unseen = made.filter((a) => isNew.has(a.student))
export const servers = new Servers(wasm)
export const files = new Map<string, ParameterFile>()
export const artefacts = new Map<string, unknown>()

/** Fits every served model on the students whom the tests do not ask about. */
export async function fitModels(): Promise<void> {
  const known = made.filter((a) => !isNew.has(a.student))
  const train = logOf(known)
  // What took hours takes weeks.
  const overWeeks = logOf(known.map((a) => ({ ...a, at: Date.UTC(2025, 8, 1) + 100 * (a.at - Date.UTC(2025, 8, 1)) })))
  for (const learner of ALL) {
    const artefact = await learner.fit(learner.week === undefined ? train : overWeeks, { seed: 3 })
    artefacts.set(learner.id, artefact)
    for (const version of ['v1', 'v2']) {
      const file = { model: learner.id, version, file: 'parameters', sha256: `${learner.id} ${version}` }
      files.set(`${learner.id} ${version}`, file)
      provideParameters(file, learner.encode(artefact as never))
    }
  }
}

export const markerOf = (action: 'prepare' | 'activate', model: string, version = 'v1'): Input => {
  const m = marker(action, model, version)
  const payload = action === 'prepare' && version !== 'none' ? filePayload(files.get(`${model} ${version}`)!) : null
  return { ...m, value: { ...m.value, marker_id: `${action} ${model} ${version}`, payload } } as Input
}
export const put = (model: string, version = 'v1') => [
  markerOf('prepare', model, version),
  markerOf('activate', model, version),
]
export const all = (version = 'v1') => ALL.flatMap((l) => put(l.id, version))

export const inputs = unseen.map((a, i) =>
  eventInput(
    answer(`e${i}`, {
      student: a.student,
      item: a.item,
      topics: [...a.topics],
      score: a.correct ? 1 : 0,
      correct: a.correct,
      occurred_at: a.at - Date.UTC(2025, 8, 1) + DAY_ZERO,
      source_sequence: i,
      hints: a.extra?.['hints'] ?? 0,
      response_time_ms: Number.isNaN(a.extra?.['response_ms']) ? null : (a.extra?.['response_ms'] ?? null),
      opportunity_key: `opportunity ${i}`,
    }),
  ),
)
export const whole = () => 1000
export const isReason = (code: string) => REASONS.some((r) => r === code)
/** Students and topics of what the models learned, with names that the artefacts know. */
export const hard = (seed: number, events = 260): Input[] =>
  troublesomeLog(seed, events).map((e) =>
    eventInput({ ...e, topics: e.topics.map((t) => `topic-${t.length % 5}`), item: e.item }),
  )
export const STUDENTS = ['student-0', 'student-1', 'student-2']
/** Those that do not ask for rings as long as trees look back. */
export const CARRIED = ['irt', 'dkt', 'sakt', 'wd-irt']
export const rowsIn = (s: ScoreState, ids?: string[]) =>
  s.sets.topics.names
    .map((_, t) => topicScore(s, t, metaOf('v1', ids), null, 0))
    .filter((r) => r.opportunities > 0)
    .map((r) => `${r.topic} ${r.opportunities} ${exact(r.scores)}`)
    .sort()
export const rowsWith = (s: Scored, model: string) =>
  [...s.current.values()].filter((r) => r.scores.some((x) => x.model === model)).length

export function metaOf(version: string, ids = ALL.map((l) => l.id)) {
  const meta = SCORE_META.empty('')
  for (const id of ids) meta.active.set(id, { version, payload: filePayload(files.get(`${id} ${version}`)!) })
  return meta
}
