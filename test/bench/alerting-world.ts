import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import type { AlertPolicy } from '@mastery/topology/alerts/policy.ts'
import { Tally, type TallyResult } from '@mastery/topology/alerts/tally.ts'
import { hash128 } from '@mastery/topology/events/hash.ts'
import { checkRoster } from '@mastery/topology/roster/check.ts'
import type { Relations } from '@mastery/topology/roster/relations.ts'
import { schoolRoster } from '@mastery/topology/school/roster.ts'
import { type School, simulateSchool } from '@mastery/topology/school/school.ts'
import { STRUGGLING, type Struggle, TrueCourses } from '@mastery/topology/school/struggles.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import { alertingStage } from '@mastery/topology/stages/alerting/stage.ts'
import { scoringStage } from '@mastery/topology/stages/scoring/stage.ts'
import { windowingStage } from '@mastery/topology/stages/windowing/stage.ts'
import { RING } from '@mastery/topology/testing/topology-driver.ts'
import { VirtualRun } from '@mastery/topology/virtual-run.ts'
import { opening, through } from './alerting-run.ts'

const TENANT = 'school'
/** The shipped rules' holidays are those of the school year that begins then. */
const BEGIN = Date.UTC(2026, 8, 1)

/** A simulated school's year: what its scores were, and what was true meanwhile. */
export interface World {
  seed: number
  school: School
  pseudonym(id: string): string
  relations: Relations
  scores: StageRecord[]
  events: number
  truth: TrueCourses
  struggles: Struggle[]
  range: { from: number; to: number }
}

/** What comes before each topic, as `policy` of the rules wants it. */
export const prerequisitesOf = (school: Pick<School, 'topics'>): Record<string, string[]> =>
  Object.fromEntries(school.topics.map((t) => [t.id, t.prerequisites]))

/** The school through windowing and scoring, with everybody in its own roster. */
export function schoolYear(seed: number, students: number, events: number): World {
  const truth = new TrueCourses()
  const pseudonym = (id: string) => hash128(TENANT, String(seed), id)
  const school = simulateSchool({ seed, students, events, startAt: BEGIN, tenant: TENANT, pseudonym, seen: truth.seen })
  const files = [...schoolRoster(school, { seed, events, startAt: BEGIN })].map(
    ([name, text]) => [name, new TextEncoder().encode(text)] as const,
  )
  const { built } = checkRoster(new Map(files), null, {
    tenant: TENANT,
    learnerId: 'sourcedId',
    zones: {},
    pseudonym,
    topics: school.topics,
    before: null,
    erased: new Set(),
  })
  let to = BEGIN
  function* records(): Generator<StageRecord> {
    let offset = 0
    for (const r of school.records()) {
      const origin = { topic: 'learning.events' as const, partition: 0, offset: offset++ }
      if (r.type === 'event') yield { subject: 'learning-event', key: r.event.student, value: r.event, origin }
      else {
        to = r.at
        yield { subject: 'tick', key: 'tick', value: { at: r.at }, origin }
      }
    }
  }
  const windowing = new VirtualRun(windowingStage({ days: [7, 30, 90], ring: RING, generation: 0 }))
  const scoring = new VirtualRun(scoringStage({ ring: RING, generation: 0 }))
  const features = through(windowing, records(), 'learning.features')
  const scores = Array.from(through(scoring, features, 'mastery.scores'), slim)
  return {
    seed,
    school,
    pseudonym,
    relations: { ...built.relations, version: '1' },
    scores,
    events,
    truth,
    struggles: truth.struggles(STRUGGLING, to),
    range: { from: BEGIN, to },
  }
}

/** A year of explanations is gigabytes, and no rule reads them. */
function slim(s: StageRecord): StageRecord {
  if (s.subject !== 'mastery-score') return s
  const v = s.value as MasteryScore
  const rows = v.rows.map((r) => ({ ...r, scores: r.scores.slice(-1), factors: [] }))
  return { ...s, value: { ...v, rows } }
}

/** An alert that told somebody, from its first word on. */
export interface ToldAlert {
  id: string
  rule: string
  student: string
  topic: string | null
  /** When somebody was first told. */
  at: number
  /** When it was over; the end of the year where it was not. */
  until: number
  prerequisite: string | null
}

export interface Alerted extends TallyResult {
  alerts: ToldAlert[]
}

/** The alerting stage over a year's scores. */
export function alertedBy(world: World, policy: AlertPolicy): Alerted {
  const run = new VirtualRun(alertingStage({ generation: 0 }))
  for (const m of opening(TENANT, world.relations, policy)) run.step(m)
  const tally = new Tally(world.range)
  const told = new Map<string, ToldAlert>()
  for (const r of world.scores)
    for (const o of run.outputs(r))
      if (o.subject === 'notice') tally.notice(o.value as Notice)
      else if (o.subject === 'alert') {
        const a = o.value as Alert
        tally.alert(a)
        take(told, a, world.range.to)
      }
  return { ...tally.result(), alerts: [...told.values()] }
}

function take(told: Map<string, ToldAlert>, a: Alert, end: number): void {
  const known = told.get(a.alert_id)
  if (known && (a.state === 'resolved' || a.state === 'no_data')) known.until = Math.min(known.until, a.now)
  if (known || !a.told || a.state !== 'firing' || a.student === null) return
  const prerequisite = a.evidence.find((e) => e.code.includes('prerequisite'))?.text ?? null
  told.set(a.alert_id, {
    id: a.alert_id,
    rule: a.rule,
    student: a.student,
    topic: a.topic,
    at: a.now,
    until: end,
    prerequisite,
  })
}
