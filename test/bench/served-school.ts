import { featureRecords } from '@mastery/infra/adapters/tfjs/testing/scored.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { type AnswerLog, AnswerLogBuilder } from '@mastery/topology/evaluation/answer-log.ts'
import type { AnyLearner } from '@mastery/topology/evaluation/learner.ts'
import { filePayload, provideParameters } from '@mastery/topology/models/parameters.ts'
import type { ServerSource } from '@mastery/topology/served/servers.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import type { ScoreMeta } from '@mastery/topology/stages/scoring/meta.ts'
import { scoringStage } from '@mastery/topology/stages/scoring/stage.ts'
import type { ScoreState } from '@mastery/topology/stages/scoring/state.ts'
import { marker } from '@mastery/topology/testing/learner-log.ts'
import { type Input, RING } from '@mastery/topology/testing/topology-driver.ts'
import { schoolRecords } from './school.ts'

type Scoring = ReturnType<typeof scoringStage>

/** Answers of each student before the measuring begins, and beyond which none is sent. */
const BEFORE = 40
const AFTER = 60

/** Events of a simulated school, one student after the other in turn: any stretch of it has as many students as can be. */
export function inTurn(students: number): { first: Input[]; rest: Input[]; log: AnswerLog } {
  const own = new Map<string, LearningEvent[]>()
  for (const r of schoolRecords({ students, events: students * 150 }))
    if (r.type === 'event' && r.event.role === 'evidence' && r.event.correct !== null) {
      const list = own.get(r.event.student) ?? []
      if (list.length < AFTER) list.push(r.event)
      own.set(r.event.student, list)
    }
  const b = new AnswerLogBuilder()
  let row = 0
  for (const [student, list] of own)
    for (const { item, topics, correct, occurred_at: at, hints } of list)
      b.add({ student, item, topics, correct: correct!, at, row: row++, extra: { hints: hints ?? 0 } })
  const turns = (from: number, to: number): Input[] =>
    Array.from({ length: to - from }, (_, i) => [...own.values()].flatMap((list) => list[from + i] ?? []))
      .flat()
      .map((value) => ({ subject: 'learning-event', value }))
  return { first: turns(0, BEFORE), rest: turns(BEFORE, AFTER), log: b.build() }
}

/** The scoring stage with states in memory, ready to be measured from one place again and again. */
export class Prepared {
  private readonly stage: Scoring
  private readonly meta: Uint8Array
  private readonly states: ReadonlyMap<string, Uint8Array>
  readonly rest: readonly StageRecord[]

  private constructor(stage: Scoring, meta: Uint8Array, states: Map<string, Uint8Array>, rest: StageRecord[]) {
    this.stage = stage
    this.meta = meta
    this.states = states
    this.rest = rest
  }

  /** The students' first answers, then the version, then one more answer of each, with which the version begins. */
  static async of(
    { first, rest }: { first: Input[]; rest: Input[] },
    students: number,
    fitted: { learner: AnyLearner; bytes: Uint8Array } | null,
    servers: ServerSource,
  ): Promise<Prepared> {
    const stage = scoringStage({ ring: RING, generation: 0, servers })
    const records = featureRecords([...first, ...(fitted ? put(fitted) : []), ...rest])
    const begun = records.length - rest.length + students
    const run = new Run(stage, stage.meta.empty(''), new Map())
    for (let at = 0; at < begun; at += CHUNK) await run.score(records.slice(at, Math.min(begun, at + CHUNK)))
    const states = new Map([...run.states].map(([key, s]) => [key, Uint8Array.from(stage.state.encode(s))]))
    return new Prepared(stage, Uint8Array.from(stage.meta.encode(run.meta)), states, records.slice(begun))
  }

  run(): Run {
    const states = new Map([...this.states].map(([key, bytes]) => [key, this.stage.state.decode(bytes, key)]))
    return new Run(this.stage, this.stage.meta.decode(this.meta, ''), states)
  }
}

const CHUNK = 256

function put({ learner, bytes }: { learner: AnyLearner; bytes: Uint8Array }): Input[] {
  const file = { model: learner.id, version: 'v1', file: 'parameters', sha256: `bench ${learner.id}` }
  provideParameters(file, bytes)
  return (['prepare', 'activate'] as const).map((action) => {
    const m = marker(action, learner.id, 'v1')
    const payload = action === 'prepare' ? filePayload(file) : null
    return { ...m, value: { ...m.value, marker_id: `${action} ${learner.id}`, payload } } as Input
  })
}

class Run {
  private readonly stage: Scoring
  readonly meta: ScoreMeta
  readonly states: Map<string, ScoreState>

  constructor(stage: Scoring, meta: ScoreMeta, states: Map<string, ScoreState>) {
    this.stage = stage
    this.meta = meta
    this.states = states
  }

  async score(batch: readonly StageRecord[]): Promise<void> {
    const given = batch.map((r) => {
      const key = this.stage.keyOf(r)
      if (key === null) return null
      if (!this.states.has(key)) this.states.set(key, this.stage.state.empty(key))
      return this.states.get(key)!
    })
    const together = this.stage.together!(batch, given, this.meta)
    const results = together ? await together : batch.map((r, i) => this.stage.step(r, given[i]!, this.meta))
    for (const r of results) if (r.type === 'dead_letter') throw new Error(`A record was refused: ${r.message}`)
  }
}
