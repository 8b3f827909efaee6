import { type AnswerLog, AnswerLogBuilder, studentStarts, studentsOf } from '@mastery/topology/evaluation/answer-log.ts'
import type { MasteryLabel } from '@mastery/topology/evaluation/learner.ts'
import { scores } from '@mastery/topology/evaluation/metrics.ts'
import { auc } from '@mastery/topology/evaluation/ranking.ts'
import { hash128 } from '@mastery/topology/events/hash.ts'
import { askedLog } from '@mastery/topology/learners/trees/labels.ts'
import { BASES, treesLearner } from '@mastery/topology/learners/trees/learner.ts'
import { Random } from '@mastery/topology/school/random.ts'
import { simulateSchool } from '@mastery/topology/school/school.ts'
import type { SkillSeen } from '@mastery/topology/school/sessions.ts'
import { figure, Stopwatch } from './measure.ts'
import type { Case } from './scenario.ts'

const TENANT = 'school'
const WEIGHTS = [0.5, 1, 3]
/** What teachers say beside the truth: one who knows the class well, one who guesses, and one who is lenient. */
const TEACHERS = [
  ['careful', { bias: 0, sd: 0.1 }],
  ['rough', { bias: 0, sd: 0.25 }],
  ['lenient', { bias: 0.15, sd: 0.1 }],
] as const
/** Share of sittings after which a teacher judges, and of those of unseen students that are measured on. */
const JUDGED = 0.05
const MEASURED = 0.1
const HOUR = 3_600_000
const DRAWS = 400

interface World {
  train: AnswerLog
  test: AnswerLog
  seen: readonly SkillSeen[]
}

function world(seed: number, students: number): World {
  const seen: SkillSeen[] = []
  const school = simulateSchool({
    seed,
    students,
    events: students * 300,
    startAt: Date.UTC(2025, 8, 1),
    tenant: TENANT,
    pseudonym: (id) => hash128(TENANT, String(seed), id),
    seen: (s) => void seen.push({ ...s }),
  })
  const b = new AnswerLogBuilder()
  let row = 0
  for (const r of school.records()) {
    if (r.type !== 'event' || r.event.role !== 'evidence' || r.event.correct === null || r.event.topics.length === 0)
      continue
    const { student, item, topics, correct, occurred_at: at, hints, response_time_ms: ms } = r.event
    b.add({
      student,
      item,
      topics,
      correct: correct!,
      at,
      row: row++,
      extra: { hints: hints ?? 0, response_ms: ms ?? Number.NaN },
    })
  }
  const log = b.build()
  return { train: studentsOf(log, (s) => s % 3 > 0), test: studentsOf(log, (s) => s % 3 === 0), seen }
}

const within = (x: number) => Math.max(0, Math.min(1, x))

/** What a teacher says after some sittings: the true chance, a bias, and noise of `sd`. */
function judgements({ train, seen }: World, seed: number, { bias, sd }: { bias: number; sd: number }): MasteryLabel[] {
  const random = new Random(seed, 7)
  const known = new Set(train.students)
  return seen.flatMap(({ student, topic, at, trueProbability: p }) => {
    const drawn = random.chance(JUDGED)
    const value = within(p + bias + sd * random.normal())
    return drawn && known.has(student) ? [{ student, topic, at: at + HOUR, value }] : []
  })
}

/** The truth at some sittings of students who were not learned from. */
function truths({ test, seen }: World, seed: number): MasteryLabel[] {
  const random = new Random(seed, 11)
  const known = new Set(test.students)
  return seen.flatMap(({ student, topic, at, trueProbability: value }) =>
    random.chance(MEASURED) && known.has(student) ? [{ student, topic, at: at + HOUR, value }] : [],
  )
}

interface Found {
  auc: number
  logLoss: number
  /** Squared errors against the truth, by student. */
  errors: Map<number, number[]>
  rmse: number
}

async function measured(w: World, seed: number, labels: readonly MasteryLabel[], weight: number): Promise<Found> {
  const learner = treesLearner('trees', '', BASES, { folds: 3, rounds: 250 })
  const run = { seed: 1 }
  const artefact = await learner.fit(w.train, weight === 0 ? run : { ...run, labels: { labels, weight } })
  const p = await learner.predict(artefact, w.test, run)
  const asked = askedLog(w.test, truths(w, seed))
  const said = await learner.predict(artefact, asked.log, run)
  const last = studentStarts(asked.log)
  const errors = new Map<number, number[]>()
  let sum = 0
  asked.value.forEach((value, i) => {
    const e = (said[last[i + 1]! - 1]! - value) ** 2
    sum += e
    const own = errors.get(asked.student[i]!) ?? []
    own.push(e)
    errors.set(asked.student[i]!, own)
  })
  return {
    auc: auc(w.test.correct, p),
    logLoss: scores(w.test.correct, p).log_loss,
    errors,
    rmse: Math.sqrt(sum / asked.value.length),
  }
}

/** 95 % interval of a's RMSE less b's, by the bootstrap over students. */
function difference(pairs: readonly (readonly [a: number[], b: number[]])[]): { low: number; high: number } {
  const random = new Random(5)
  const draws = Array.from({ length: DRAWS }, () => {
    let a = 0
    let b = 0
    let n = 0
    for (let i = 0; i < pairs.length; i++) {
      const [x, y] = pairs[random.between(0, pairs.length - 1)]!
      n += x.length
      for (let k = 0; k < x.length; k++) {
        a += x[k]!
        b += y[k]!
      }
    }
    return Math.sqrt(a / n) - Math.sqrt(b / n)
  }).sort((x, y) => x - y)
  return { low: draws[Math.floor(0.025 * DRAWS)]!, high: draws[Math.floor(0.975 * DRAWS)]! }
}

const four = (x: number) => x.toFixed(4)

/** What judgements of teachers do for trees: their prediction of answers, and of what students truly can do. */
const school: Case = async ({ quick, note }) => {
  const seeds = quick ? [1] : [1, 2]
  const students = quick ? 45 : 150
  const figures = []
  const worlds = seeds.map((seed) => ({ seed, w: world(seed, students) }))
  const watch = new Stopwatch()
  watch.start()
  const plain = await Promise.all(worlds.map(({ seed, w }) => measured(w, seed, [], 0)))
  const mean = (of: (f: Found) => number, all: readonly Found[]) => all.reduce((s, f) => s + of(f), 0) / all.length
  const records = worlds.reduce((s, { w }) => s + w.train.size, 0)
  figures.push(
    figure({ scenario: 'labels', what: 'without labels', records }, await watch.stop(), {
      auc: four(mean((f) => f.auc, plain)),
      log_loss: four(mean((f) => f.logLoss, plain)),
      rmse_of_mastery: four(mean((f) => f.rmse, plain)),
    }),
  )
  for (const [teacher, says] of TEACHERS)
    for (const weight of quick ? [1] : WEIGHTS) {
      const lap = new Stopwatch()
      lap.start()
      const labels = worlds.map(({ seed, w }) => judgements(w, seed, says))
      const found = await Promise.all(worlds.map(({ seed, w }, i) => measured(w, seed, labels[i]!, weight)))
      const pairs = found.flatMap((f, i) => [...f.errors].map(([s, e]) => [e, plain[i]!.errors.get(s)!] as const))
      const { low, high } = difference(pairs)
      note(`${teacher} ${weight}: ${four(mean((f) => f.rmse, found))}`)
      figures.push(
        figure({ scenario: 'labels', what: `${teacher} teacher, weight ${weight}`, records }, await lap.stop(), {
          labels: labels.reduce((s, l) => s + l.length, 0),
          auc: four(mean((f) => f.auc, found)),
          log_loss: four(mean((f) => f.logLoss, found)),
          rmse_of_mastery: four(mean((f) => f.rmse, found)),
          'rmse less that without, 95 %': `${four(low)} to ${four(high)}`,
        }),
      )
    }
  return figures
}

export const cases = { school }
