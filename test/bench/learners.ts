import { AnswerLogBuilder } from '@mastery/topology/evaluation/answer-log.ts'
import type { AnyLearner } from '@mastery/topology/evaluation/learner.ts'
import { BKT_LEARNER } from '@mastery/topology/learners/bkt/learner.ts'
import { BKT_FORGET_LEARNER } from '@mastery/topology/learners/bkt-forget/learner.ts'
import { ELO_LEARNER } from '@mastery/topology/learners/elo/learner.ts'
import { IRT_LEARNER } from '@mastery/topology/learners/irt/learner.ts'
import { Random } from '@mastery/topology/school/random.ts'
import { figure, type Lap, Stopwatch } from './measure.ts'
import type { Case } from './scenario.ts'

const ANSWERS = 400_000
const TOPICS = 120
const ITEMS_PER_TOPIC = 100
const RUN = { seed: 1 }

/** Students who learn skills as BKT says, on items that differ; sequences of 1 to 40 answers on a topic. */
function answers(count: number) {
  const random = new Random(7)
  const b = new AnswerLogBuilder()
  const topics = Array.from({ length: TOPICS }, () => ({
    prior: 0.2 + 0.5 * random.uniform(),
    learn: 0.05 + 0.2 * random.uniform(),
    slip: 0.05 + 0.15 * random.uniform(),
    guess: 0.1 + 0.25 * random.uniform(),
  }))
  for (let row = 0, s = 0; row < count; s++)
    for (let k = 0; k < 12 && row < count; k++) {
      const t = random.between(0, TOPICS - 1)
      const p = topics[t]!
      let known = random.chance(p.prior)
      const length = 1 + Math.floor(40 * random.uniform() * random.uniform())
      for (let i = 0; i < length && row < count; i++) {
        const item = `${t}/${random.between(0, ITEMS_PER_TOPIC - 1)}`
        const correct = random.chance(known ? 1 - p.slip : p.guess)
        b.add({ student: `s${s}`, item, topics: [`t${t}`], correct, at: row, row: row++ })
        known ||= random.chance(p.learn)
      }
    }
  return b.build()
}

/** `goal`: answers folded a second, of one core. */
function learnerCase(learner: AnyLearner, goal: number | null, fitSeconds: number | null): Case {
  return async ({ quick, note }) => {
    const log = answers(quick ? ANSWERS / 20 : ANSWERS)
    note(`${log.size.toLocaleString('en')} answers of ${log.students.length.toLocaleString('en')} students`)
    const watch = new Stopwatch()
    watch.start()
    const artefact: unknown = await learner.fit(log, RUN)
    const fitted = await watch.stop()
    // The second time: what a process that serves for hours does.
    await learner.predict(artefact, log, RUN)
    const folding = new Stopwatch()
    folding.start()
    await learner.predict(artefact, log, RUN)
    const folded = await folding.stop()
    const about = { scenario: 'learners', records: log.size }
    const limit = fitSeconds === null ? {} : { goal_seconds: fitSeconds }
    const rate = "per second of the main thread's CPU"
    return [
      figure({ ...about, what: `${learner.id}: fit` }, ofMain(fitted), { rate, wall_s: fitted.seconds, ...limit }),
      figure(
        { ...about, what: `${learner.id}: predict and learn`, ...(goal === null ? {} : { goal }) },
        ofMain(folded),
        {
          rate,
          wall_s: folded.seconds,
        },
      ),
    ]
  }
}

/** One core's time: what other processes do meanwhile does not count. */
const ofMain = (lap: Lap): Lap => ({ ...lap, seconds: lap.mainMs / 1000 })

export const cases = {
  bkt: learnerCase(BKT_LEARNER, 1_000_000, 5),
  'bkt-forget': learnerCase(BKT_FORGET_LEARNER, 1_000_000, null),
  elo: learnerCase(ELO_LEARNER, 1_000_000, null),
  irt: learnerCase(IRT_LEARNER, null, null),
}
