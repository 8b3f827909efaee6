import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import type { Tick } from '@mastery/schemas/src/generated/tick.gen.ts'
import { sourceKey } from '../../alerts/source-key.ts'
import { classOf, isAboutStudent } from '../../events/class-command.ts'
import type { Stage, StageOutput, StageRecord, StepResult, Woken } from '../../stage.ts'
import { type TopicName, topicAt } from '../../topics.ts'
import { classKey, closeWeeks, partOutputs } from './classes.ts'
import { ALERT_STATE } from './codec.ts'
import { isNew as isNewCommand, obey, refusalOf } from './commands.ts'
import { Evaluation } from './evaluate.ts'
import { inForce, type TenantRules } from './in-force.ts'
import { applyMarker, filesOfMarker, filesOfMeta } from './markers.ts'
import { type AlertMeta, alertMeta } from './meta.ts'
import { learn } from './scores.ts'
import { AlertState } from './state.ts'
import { noOutputs, type Outputs, type Step } from './telling.ts'

export interface AlertingConfig {
  generation: number
  /** Students that one tick wakes at most; the others wait for the next one. */
  mostWoken?: number
}

/** The notifying stage hears the time this often. */
const HEARD_MS = 5 * 60_000
/** An answer that is observed later than this after it was given is called late; each rule says what it makes of that. */
const LATE_MS = 60 * 60_000
/** Loaded at once they are some tens of megabytes. */
const MOST_WOKEN = 5_000

/** Whether a time lies behind another as far as others hear of. */
const crosses = (before: number, now: number) => Math.floor(now / HEARD_MS) > Math.floor(before / HEARD_MS)

const SEEN: StepResult = { type: 'drop', reason: 'seen' }

/**
 * mastery.scores to mastery.alerts, mastery.notices and mastery.classes. Holds every rule against every student and topic, and decides
 * who is to be told what. Time comes by ticks alone: a student is looked at when a score comes, or when something that
 * was decided earlier falls due.
 */
export function alertingStage(config: AlertingConfig): Stage<AlertState, AlertMeta> {
  const { generation } = config
  const alerts = topicAt('mastery.alerts', generation)
  const notices = topicAt('mastery.notices', generation)
  const classes = topicAt('mastery.classes', generation)
  const most = config.mostWoken ?? MOST_WOKEN

  function done({ origin }: StageRecord, { all, parts }: Outputs): { type: 'ok'; outputs: StageOutput[] } {
    if (parts.size > 0) all.push(...partOutputs(parts, origin, generation, classes))
    return { type: 'ok', outputs: all }
  }

  function stepOf(
    record: StageRecord,
    student: string,
    tenant: string,
    meta: AlertMeta,
    rules: TenantRules | null,
    given: Pick<Step, 'cause' | 'occurredAt' | 'speaks' | 'out'>,
  ): Step {
    const { partition, offset } = record.origin
    const policy = rules?.version ?? ''
    const roster = rules?.roster ?? null
    return { meta, generation, alerts, notices, student, tenant, policy, roster, partition, offset, ...given }
  }

  /** Does what time and a new policy ask for first. Gives an evaluation for what comes then; null without a policy. */
  function opened(
    record: StageRecord,
    student: string,
    s: AlertState,
    meta: AlertMeta,
    given: Pick<Step, 'cause' | 'occurredAt' | 'speaks' | 'out'>,
  ): { e: Evaluation; step: Step } | null {
    const rules = inForce(meta, s.tenant)
    if (rules === null) return null
    const { now } = meta
    const own = rules.book.rulesFor(student, now, rules.roster)
    const begin = (with_: typeof given) => {
      const step = stepOf(record, student, s.tenant, meta, rules, with_)
      return { step, e: new Evaluation(s, rules, own, step) }
    }
    if (s.policy !== rules.seq)
      begin({ cause: 'policy', occurredAt: now, speaks: 'never', out: given.out }).e.reconcile(meta.rules)
    if (s.due <= now || given.cause === 'time') {
      closeWeeks(s, student, rules, now, given.out.parts)
      begin({ cause: 'time', occurredAt: now, speaks: 'always', out: given.out }).e.time()
    }
    return begin(given)
  }

  function score(record: StageRecord, s: AlertState, meta: AlertMeta): StepResult {
    const v = record.value as MasteryScore
    if (!meta.marks.take(v)) return SEEN
    const out = noOutputs()
    if (v.cause === 'erased' && v.rows.length === 0) return erase(record, v, s, meta)
    if (s.tenant === '') s.tenant = v.tenant
    const own = v.correct !== null
    const late = own && meta.now - v.occurred_at > LATE_MS
    const cause = !own ? 'repair' : late ? 'late_answer' : 'answer'
    const speaks = own ? 'in time' : 'never'
    const open = opened(record, record.key, s, meta, { cause, occurredAt: v.occurred_at, speaks, out })
    learn(s, v, meta.now, open)
    open?.e.done()
    return done(record, out)
  }

  /** Nothing of the student stays; gold learns where the erasure stands in this topic. */
  function erase(record: StageRecord, v: MasteryScore, s: AlertState, meta: AlertMeta): StepResult {
    Object.assign(s, new AlertState())
    const value: Alert = {
      origin_partition: record.origin.partition,
      origin_offset: record.origin.offset,
      ordinal: 0,
      generation,
      tenant: v.tenant,
      alert_id: v.event_id,
      sequence: 0,
      rule: '',
      policy: '',
      scope: 'student',
      student: v.student,
      class: null,
      topic: null,
      severity: 'info',
      state: 'normal',
      before: 'normal',
      cause: 'erased',
      occurred_at: v.occurred_at,
      now: meta.now,
      told: false,
      held_back: null,
      evidence: [],
      by: null,
      until: null,
      reason: null,
    }
    return { type: 'ok', outputs: [{ topic: alerts, subject: 'alert', key: record.key, value }] }
  }

  function command(record: StageRecord, s: AlertState, meta: AlertMeta): StepResult {
    const c = record.value as StudentCommand
    const refused = refusalOf(c)
    if (refused !== null) return refused
    if (!isNewCommand(s, c)) return SEEN
    if (s.tenant === '') s.tenant = c.tenant
    const out = noOutputs()
    const given = { cause: c.kind, occurredAt: c.issued_at, speaks: 'always', out } as const
    const open = opened(record, record.key, s, meta, given)
    if (open) {
      obey(c, s, open.e, open.step)
      open.e.done()
    }
    return done(record, out)
  }

  /**
   * A command about a class is for the stage that decides about classes. It is dated by this partition's time, up to which
   * that stage has not been told of anything yet: so it does not matter what comes between them from other partitions.
   */
  function aboutClass(record: StageRecord, meta: AlertMeta): StepResult {
    const c = record.value as StudentCommand
    const refused = refusalOf(c)
    if (refused !== null) return refused
    const key = classKey(c.tenant, classOf(c)!)
    const value: StudentCommand = { ...c, issued_at: meta.now }
    return { type: 'ok', outputs: [{ topic: classes, byKey: true, subject: 'student-command', key, value }] }
  }

  function tick(record: StageRecord, meta: AlertMeta, woken: readonly Woken<AlertState>[]): StepResult {
    const { at } = record.value as Tick
    const before = meta.now
    meta.now = Math.max(before, at)
    const { now } = meta
    const out = noOutputs()
    for (const { key, state } of woken) {
      const open = opened(record, key, state, meta, { cause: 'time', occurredAt: now, speaks: 'always', out })
      open?.e.done()
    }
    const { outputs } = done(record, out)
    // Behind what was decided by then: whoever hears this time has heard that.
    const key = sourceKey('tick', record.origin.partition)
    const tell = (topic: TopicName) =>
      outputs.push({ topic, everywhere: true, subject: 'tick', key, value: { at: now } })
    if (crosses(before, now)) tell(notices)
    // As long as some who are due wait, weeks that have ended may not be closed for all.
    if (now > before && woken.length < most && crosses(meta.classesTold, now)) {
      meta.classesTold = now
      tell(classes)
    }
    return { type: 'ok', outputs }
  }

  function marker(record: StageRecord, meta: AlertMeta): StepResult {
    const done = applyMarker(record.value as Marker, meta)
    if (done !== null) return done
    const { value, origin } = record
    const key = sourceKey('marker', origin.partition)
    const outputs = [notices, classes].map(
      (topic): StageOutput => ({ topic, everywhere: true, subject: 'marker', key, value }),
    )
    return { type: 'ok', outputs }
  }

  return {
    name: 'alerts',
    inputs: [topicAt('mastery.scores', generation)],
    outputs: [alerts, notices, classes],
    state: ALERT_STATE,
    meta: alertMeta(),
    keyOf: (r) => (r.subject === 'mastery-score' || isAboutStudent(r) ? r.key : null),
    files: (record, meta) =>
      record === null ? filesOfMeta(meta) : record.subject === 'marker' ? filesOfMarker(record.value as Marker) : [],
    wakes: {
      dueOf: (s, meta) => (s.policy !== (meta.policies.get(s.tenant)?.seq ?? 0) ? 0 : s.due),
      epochOf: (meta) => meta.seq,
      timeOf: (r, meta) => (r.subject === 'tick' && (r.value as Tick).at > meta.now ? (r.value as Tick).at : null),
      most,
    },
    step(record, state, meta, woken = []) {
      switch (record.subject) {
        case 'mastery-score':
          return score(record, state!, meta)
        case 'student-command':
          return state === null ? aboutClass(record, meta) : command(record, state, meta)
        case 'tick':
          return tick(record, meta, woken)
        case 'marker':
          return marker(record, meta)
        default:
          return {
            type: 'dead_letter',
            code: 'wrong_subject',
            message: `A ${record.subject} does not belong into mastery.scores.`,
          }
      }
    },
  }
}
