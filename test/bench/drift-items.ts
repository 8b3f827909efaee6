import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { abilityBefore } from '@mastery/topology/items/answer.ts'
import { type DriftRow, ItemFold } from '@mastery/topology/items/fold.ts'
import { makeCurriculum } from '@mastery/topology/school/curriculum.ts'
import type { PlantedDrift } from '@mastery/topology/school/planted.ts'
import { Random } from '@mastery/topology/school/random.ts'
import { schoolYears } from './drift-world.ts'
import { type Figure, figure, Stopwatch } from './measure.ts'
import type { Case } from './scenario.ts'

const DAY = 86_400_000
const WEEK = 7 * DAY
const MONDAY = Date.UTC(2025, 8, 1)
const about = (what: string, records: number) => ({ scenario: 'drift', what, records })

/** How long planted items take to be found, and how many of the others are called drifting. */
function outcome(rows: readonly DriftRow[], planted: readonly string[], from: number): Figure['more'] {
  const after = (r: DriftRow, item: string) =>
    r.item === item && r.startsAt >= from - WEEK && r.verdict !== 'insufficient'
  const found = planted.flatMap((item) => {
    const own = rows
      .filter((r) => after(r, item))
      .map((r) => ({ ...r, to: r.startsAt + (r.period === 'week' ? WEEK : 30 * DAY) }))
    const first = own.filter((r) => r.verdict === 'drift').sort((a, b) => a.to - b.to)[0]
    if (!first) return []
    const weeks = rows.filter(
      (r) => r.item === item && r.period === 'week' && r.startsAt >= from && r.startsAt < first.to,
    )
    return [{ days: (first.to - from) / DAY, answers: weeks.reduce((n, r) => n + r.answers, 0) }]
  })
  found.sort((a, b) => a.days - b.days)
  const median = found[found.length >> 1]
  return {
    planted: planted.length,
    'compared since': planted.filter((item) => rows.some((r) => after(r, item))).length,
    found: found.length,
    'days, median': median?.days ?? 'none found',
    'answers, median': median?.answers ?? 'none found',
  }
}

function falseAlarms(rows: readonly DriftRow[], planted: readonly string[]): Figure['more'] {
  const others = rows.filter((r) => r.period === 'week' && !planted.includes(r.item) && r.verdict !== 'insufficient')
  const wrong = new Set(others.filter((r) => r.verdict === 'drift').map((r) => r.item)).size
  const months = (others.length * 7) / 30.4
  return { 'called drifting': wrong, 'item months': months, 'false alarms per item and month': wrong / months }
}

/** Every topic of the simulated school has an item whose key is wrong, and one half a logit harder, from a day on. */
export const items: Case = async ({ quick, note }) => {
  const day = 35
  const topics = makeCurriculum(new Random(9, 1)).topics.map((t) => t.id)
  const flipped = topics.map((t) => `${t}-q01`)
  const harder = topics.map((t) => `${t}-q02`)
  const drift: PlantedDrift[] = [
    ...flipped.map((item) => ({ kind: 'key' as const, item, day })),
    ...harder.map((item) => ({ kind: 'harder' as const, item, logits: 0.5, day })),
  ]
  const year = { seed: 9, students: quick ? 40 : 900, events: quick ? 10_000 : 450_000, startAt: MONDAY, drift }
  const answers = new Map<string, MasteryScore[]>()
  const stopwatch = new Stopwatch()
  stopwatch.start()
  for (const o of schoolYears([year])) {
    if (o.subject !== 'mastery-score') continue
    const s = o.value as MasteryScore
    if (s.predictions.length === 0 || s.item === null) continue
    const of = answers.get(s.item)
    if (of) of.push(s)
    else answers.set(s.item, [s])
  }
  note(`${answers.size} items`)
  const rows: DriftRow[] = []
  const fold = new ItemFold({ parameters: new Map(), health() {}, drift: (r) => void rows.push(r) })
  for (const [item, of] of answers)
    for (const { student, correct, predictions, occurred_at: at } of of) {
      const { p } = predictions.find((x) => x.model === 'elo')!
      const ability = abilityBefore(p, undefined)
      const answer = { student, correct: correct!, p, ability, responseMs: Number.NaN, first: true, option: '', at }
      fold.add('school', item, answer)
    }
  fold.end()
  const lap = await stopwatch.stop()
  const from = MONDAY + day * DAY
  return [
    figure(about('school: items with a wrong key', year.events), lap, outcome(rows, flipped, from)),
    figure(about('school: items half a logit harder', year.events), lap, outcome(rows, harder, from)),
    figure(about('school: items left alone', year.events), lap, falseAlarms(rows, [...flipped, ...harder])),
  ]
}

/** 100 items that are answered evenly over the weeks, by students whose ability is known: what the method can do. */
export const steady: Case = async ({ quick }) => {
  const out: Figure[] = []
  const WEEKS = 24
  const BEGINS = 10
  for (const perWeek of quick ? [60] : [60, 200])
    for (const kind of ['harder', 'key'] as const) {
      const random = new Random(perWeek)
      const rows: DriftRow[] = []
      const fold = new ItemFold({ parameters: new Map(), health() {}, drift: (r) => void rows.push(r) })
      const stopwatch = new Stopwatch()
      stopwatch.start()
      for (let i = 0; i < 100; i++) {
        const difficulty = 0.7 * random.normal()
        for (let week = 0; week < WEEKS; week++)
          for (let s = 0; s < perWeek; s++) {
            const ability = random.normal()
            const planted = i < 20 && week >= BEGINS
            const b = difficulty + (planted && kind === 'harder' ? 0.5 : 0)
            const right = random.uniform() < 1 / (1 + Math.exp(b - ability))
            const correct = planted && kind === 'key' ? !right : right
            const p = 1 / (1 + Math.exp(difficulty - ability))
            const at = MONDAY + week * WEEK + s
            fold.add('school', `i${i}`, {
              student: s,
              correct,
              p,
              ability,
              responseMs: Number.NaN,
              first: true,
              option: '',
              at,
            })
          }
      }
      fold.end()
      const lap = await stopwatch.stop()
      const planted = Array.from({ length: 20 }, (_, i) => `i${i}`)
      const what = `${perWeek} answers a week and item, ${kind === 'key' ? 'wrong key' : 'half a logit harder'}`
      const more = { ...outcome(rows, planted, MONDAY + BEGINS * WEEK), ...falseAlarms(rows, planted) }
      out.push(figure(about(what, 100 * WEEKS * perWeek), lap, more))
    }
  return out
}
