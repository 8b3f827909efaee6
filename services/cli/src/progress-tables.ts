import type { ProgressConfig } from '@mastery/infra/config/progress.ts'
import type { StudentProgress, TopicFigures } from '@mastery/jobs/src/progress/ask.ts'
import { retained } from '@mastery/topology/progress/forgetting.ts'
import { table } from './tables.ts'

const percent = (x: number) => `${Math.round(100 * x)} %`
const fixed = (x: number | null, digits: number) => (x === null ? '-' : x.toFixed(digits))
const points = (x: number | null) => (x === null ? '-' : `${x >= 0 ? '+' : ''}${(100 * x).toFixed(1)}`)

/** Whether a topic has been mastered, in words. */
function standing(t: StudentProgress['topics'][number]): string {
  return t.reached
    ? `after ${t.opportunities} answers, ${t.days.toFixed(0)} days`
    : `not within ${t.opportunities} answers, ${t.days.toFixed(0)} days`
}

export function studentTables(p: StudentProgress, { mastered, stays }: ProgressConfig): string {
  const rolled = p.rollups.filter((r) => r.level !== 'topic')
  const nodes = table(
    ['part', 'level', 'mastery', 'give or take', 'topics seen', 'of', 'mastered', 'evidence', 'answers'],
    rolled.map((r) => [
      r.name,
      r.level,
      percent(r.mastery),
      percent(r.uncertainty),
      String(r.seen),
      String(r.topics),
      String(r.mastered),
      percent(r.evidence),
      String(r.opportunities),
    ]),
  )
  const byTopic = new Map(p.rollups.filter((r) => r.level === 'topic').map((r) => [r.node, r]))
  const topics = table(
    ['topic', 'mastery', 'per answer', 'give or take', 'per week', 'give or take', 'mastered'],
    p.topics.map((t) => {
      const r = byTopic.get(t.topic_id)
      return [
        t.topic_id,
        r ? percent(r.mastery) : '-',
        points(t.per_opportunity),
        t.per_opportunity_se === null ? '-' : (100 * t.per_opportunity_se).toFixed(1),
        points(t.per_week),
        t.per_week_se === null ? '-' : (100 * t.per_week_se).toFixed(1),
        standing(t),
      ]
    }),
  )
  return `${rolled.length > 0 ? `${nodes}\n` : ''}${topics}\nMastered: ${percent(mastered)} for ${stays} answers on end. Gains in points of 100, with standard errors. As of ${p.computed_at}.\n`
}

export function topicTable(topics: readonly TopicFigures[], { mastered, stays }: ProgressConfig): string {
  const rows = topics.map((t) => [
    t.topic_id,
    String(t.students),
    String(t.reached),
    fixed(t.median_opportunities, 0),
    fixed(t.median_days, 0),
    points(t.per_opportunity),
    t.decay === null ? '-' : t.decay.toFixed(3),
    t.decay_se === null ? '-' : t.decay_se.toFixed(3),
    t.decay === null ? '-' : percent(retained(t.decay, 30)),
  ])
  const head = [
    'topic',
    'students',
    'mastered',
    'answers',
    'days',
    'gain per answer',
    'decay',
    'give or take',
    'after 30 days',
  ]
  return `${table(head, rows)}\nMastered: ${percent(mastered)} for ${stays} answers on end; answers and days: medians by Kaplan and Meier, - where fewer\nthan half are there. Decay: of accuracy against what was expected, (1 + days)^-decay;\nafter 30 days: what is then left of it.\n`
}
