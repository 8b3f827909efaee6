import type { AlertPolicy, RuleKind } from '@mastery/topology/alerts/policy.ts'
import { type Interval, interval } from '@mastery/topology/evaluation/bootstrap.ts'
import { Random } from '@mastery/topology/school/random.ts'
import { MASTERED_FROM } from '@mastery/topology/school/skill.ts'
import { STRUGGLING, type Struggle } from '@mastery/topology/school/struggles.ts'
import type { Alerted, ToldAlert, World } from './alerting-world.ts'

const DAY = 86_400_000
const FALL = { within: 21 * DAY, by: 0.1 }

export interface RuleCount {
  told: number
  /** The student struggled on the topic when somebody was told. */
  right: number
  /** What the rule says of the student was true, whether a struggle or not; see `saysTrue`. */
  says: number
}

/** One student of one seed. Alerts about topics only: that somebody stays away says nothing of what the student knows. */
export interface StudentCount {
  byRule: Map<string, RuleCount>
  struggles: number
  found: number
  /** Of those found: from the first word, or the beginning, to the end. Milliseconds. */
  warnings: number[]
  /** Of those found: from the beginning to the first word. Milliseconds. */
  delays: number[]
  planted: boolean
}

const holds = (s: Struggle, at: number) => s.from <= at && at < s.until

/** Whether what a rule of this kind says was true. Null: it says nothing that the truth knows. */
function saysTrue(kind: RuleKind, a: ToldAlert, topic: string, world: World): boolean | null {
  const p = world.truth.chance(a.student, topic, a.at)
  if (p === null) return null
  switch (kind) {
    case 'mastery_below':
      return p < STRUGGLING.below
    case 'mastery_above':
    case 'stalled':
      return p >= MASTERED_FROM === (kind === 'mastery_above')
    case 'falling':
      return (world.truth.greatest(a.student, topic, a.at - FALL.within, a.at) ?? p) - p >= FALL.by
    case 'prerequisite_gap': {
      const before = a.prerequisite === null ? null : world.truth.chance(a.student, a.prerequisite, a.at)
      return before === null ? null : p < STRUGGLING.below && before < STRUGGLING.below
    }
    default:
      return null
  }
}

/** What the alerts of a year were worth, by student. */
export function against(world: World, said: Alerted, policy: AlertPolicy): StudentCount[] {
  const kinds = new Map(policy.rules.map((r) => [r.id, r.kind]))
  const alerts = Map.groupBy(
    said.alerts.filter((a) => a.topic !== null),
    (a) => a.student,
  )
  const struggles = Map.groupBy(world.struggles, (s) => s.student)
  return world.school.students.map(({ id, profile }) => {
    const student = world.pseudonym(id)
    const own = struggles.get(student) ?? []
    const told = alerts.get(student) ?? []
    const byRule = new Map<string, RuleCount>()
    for (const a of told) {
      const count = byRule.get(a.rule) ?? { told: 0, right: 0, says: 0 }
      byRule.set(a.rule, count)
      count.told++
      if (own.some((s) => s.topic === a.topic && holds(s, a.at))) count.right++
      if (saysTrue(kinds.get(a.rule)!, a, a.topic!, world)) count.says++
    }
    const known = own.flatMap((s) => {
      const first = told
        .filter((a) => a.topic === s.topic && a.at < s.until && a.until > s.from)
        .reduce((least, a) => Math.min(least, a.at), Number.POSITIVE_INFINITY)
      return first < s.until ? [{ s, at: Math.max(first, s.from) }] : []
    })
    return {
      byRule,
      struggles: own.length,
      found: known.length,
      warnings: known.map(({ s, at }) => s.until - at),
      delays: known.map(({ s, at }) => at - s.from),
      planted: profile === 'struggling',
    }
  })
}

export interface Share extends Interval {
  share: number
}

/**
 * A share over all students with its 95 % interval, by the bootstrap over students: alerts and struggles of one student
 * hang together. `part` of `whole`, both summed over the students drawn.
 */
export function shareOver<T>(students: readonly T[], part: (s: T) => number, whole: (s: T) => number): Share {
  const parts = Float64Array.from(students, part)
  const wholes = Float64Array.from(students, whole)
  const random = new Random(1, 0xa1)
  const draws = Float64Array.from({ length: 1000 }, () => {
    let p = 0
    let w = 0
    for (let i = 0; i < parts.length; i++) {
      const at = Math.floor(random.uniform() * parts.length)
      p += parts[at]!
      w += wholes[at]!
    }
    return p / w
  })
  const sum = (xs: Float64Array) => xs.reduce((a, b) => a + b, 0)
  return { share: sum(parts) / sum(wholes), ...interval(draws) }
}
