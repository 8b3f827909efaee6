import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'

/** An answer on one topic, and what it came to. */
export interface MadeAnswer {
  tenant: string
  student: string
  topic: string
  /** Event time, UTC milliseconds. */
  at: number
  correct: boolean
  /** It was a rapid guess. */
  rapid?: boolean
  mastery: number
  /** Answers on the topic with this one. */
  opportunities: number
  partition: number
  /** Place in the log before; identity together with the partition. */
  offset: number
}

/** A record of mastery.scores as the scoring stage would write it, of answers that nobody gave: for tests of rules. */
export function madeScore(a: MadeAnswer): MasteryScore {
  return {
    origin_partition: a.partition,
    origin_offset: a.offset,
    ordinal: 0,
    generation: 0,
    tenant: a.tenant,
    student: a.student,
    event_id: `answer ${a.offset}`,
    occurred_at: a.at,
    now: 0,
    item: null,
    correct: a.correct,
    score: a.correct ? 1 : 0,
    predictions: [],
    rows: [
      {
        topic: a.topic,
        as_of: a.at,
        revision: false,
        opportunities: a.opportunities,
        scores: [{ model: 'blend', version: '1', mastery: a.mastery }],
        uncertainty: 0.1,
        standing: 'developing',
        factors: [],
        haste: a.rapid ? { weight: 0.5, response_ms: 900, threshold_ms: 3000, usual_ms: 20_000 } : null,
      },
    ],
    stale: false,
    cause: 'counted',
    reason: null,
    revised: [],
  }
}
