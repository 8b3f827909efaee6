import type { Described, Measured } from './described.ts'
import { day, fixed, percent, plain, whole } from './markdown.ts'

/** Fewer students than this leave wide intervals. */
const FEW_STUDENTS = 100
/** A chance that is off by more than this on average should not be shown as one. */
const FAR_OFF = 0.02
/** Answers on a topic from which its AUC is told. */
const TOPIC_ROWS = 200

/** What a reader should not expect, as far as data and measures tell it. */
export function limits({ manifest }: Described, measured: Measured | null): string[] {
  const { training, settings, metrics } = manifest
  const said: string[] = []
  if (training.from === null)
    said.push(
      'The training answers have no clock: time between answers played no part, and nothing is known about breaks and forgetting.',
    )
  else
    said.push(
      `The training answers end on ${day(training.to!)}. Items and topics that came later are unknown to it and are predicted as the average of what it knows.`,
    )
  if (typeof settings['sampled_share'] === 'number')
    said.push(
      `It was fitted on a sample of whole students, ${percent(settings['sampled_share'], 2)} of them by hash, since more than ${whole(Number(settings['max_answers']))} answers were given. Rare items are rarer still in a sample.`,
    )
  if (metrics['gain_log_loss_low'] !== undefined && !(metrics['gain_log_loss_low'] > 0))
    said.push(
      `It is not clearly better than ${plain(manifest.parent ?? 'what it is to replace')}: the interval of its gain holds zero.`,
    )
  if (!measured) return [...said, 'Nothing more was measured: evaluate it before it is used.']
  const { own, evaluation } = measured
  const { test } = evaluation.data
  if (test.students < FEW_STUDENTS)
    said.push(`Only ${whole(test.students)} students were kept aside: small differences can't be told from chance.`)
  said.push(
    'The figures are those of one split and one seed. They speak of students like these; another school, another year or another way of counting answers may give others.',
  )
  const first = evaluation.slices.history.slices.find((s) => s.name === '0')
  const learner = Object.keys(evaluation.models).find((id) => evaluation.models[id] === own)!
  if (first && !Number.isNaN(first.models[learner]!.auc))
    said.push(
      `At a student's first answer it knows the item only: AUC ${fixed(first.models[learner]!.auc, 3)} over ${whole(first.n)} answers.`,
    )
  if (own.ece > FAR_OFF)
    said.push(
      `Its chances are off by ${percent(own.ece)} on average (calibration error): read them as an order rather than as percentages.`,
    )
  const topics = evaluation.slices.topic.slices.filter(
    (s) => s.n >= TOPIC_ROWS && !Number.isNaN(s.models[learner]!.auc),
  )
  const [worst] = [...topics].sort((a, b) => a.models[learner]!.auc - b.models[learner]!.auc)
  if (worst && topics.length > 1)
    said.push(
      `Topics differ: of ${whole(topics.length)} topics with ${TOPIC_ROWS} answers or more, ${plain(worst.name)} has the least AUC, ${fixed(worst.models[learner]!.auc, 3)}.`,
    )
  const { left_out: out } = evaluation.slices.topic
  if (out.slices > 0)
    said.push(
      `${whole(out.slices)} topics had too few answers to be measured by themselves (${whole(out.rows)} answers).`,
    )
  if (test.untagged > 0)
    said.push(`${percent(test.untagged / test.answers)} of the answers name no topic and count as of one.`)
  if (test.rejected > 0) said.push(`${whole(test.rejected)} rows could not be read and are left out.`)
  said.push('Whether students learn more when practice follows it was not measured.')
  return said
}
