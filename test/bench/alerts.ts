import { Waking } from '@mastery/infra/runtime/waking.ts'
import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import { madeScore } from '@mastery/topology/alerts/made-score.ts'
import { Tally } from '@mastery/topology/alerts/tally.ts'
import type { StateScope } from '@mastery/topology/ports/state-store.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import { ALERT_STATE } from '@mastery/topology/stages/alerting/codec.ts'
import { alertingStage } from '@mastery/topology/stages/alerting/stage.ts'
import type { AlertState } from '@mastery/topology/stages/alerting/state.ts'
import { scoringStage } from '@mastery/topology/stages/scoring/stage.ts'
import { windowingStage } from '@mastery/topology/stages/windowing/stage.ts'
import { MemoryState } from '@mastery/topology/testing/memory.ts'
import { RING } from '@mastery/topology/testing/topology-driver.ts'
import { VirtualRun } from '@mastery/topology/virtual-run.ts'
import { classes } from './alert-classes.ts'
import { ofMain, shipped, through } from './alerting-run.ts'
import { figure, Stopwatch } from './measure.ts'
import type { Case } from './scenario.ts'
import { SHAPES, schoolRecords, sized } from './school.ts'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE
const BEGIN = Date.UTC(2025, 8, 1)

/** Every score of a school with its ticks, with the shipped rules and a teacher to be told. */
const stage: Case = async ({ quick, note }) => {
  const size = sized(SHAPES.demo, quick)
  const events = [...schoolRecords(size)].map((r, offset): StageRecord => {
    const origin = { topic: 'learning.events' as const, partition: 0, offset }
    return r.type === 'event'
      ? { subject: 'learning-event', key: r.event.student, value: r.event, origin }
      : { subject: 'tick', key: 'tick', value: { at: r.at }, origin }
  })
  note('scoring them')
  const windowing = new VirtualRun(windowingStage({ days: [7, 30, 90], ring: RING, generation: 0 }))
  const features = through(windowing, events, 'learning.features')
  const scores = [...through(new VirtualRun(scoringStage({ ring: RING, generation: 0 })), features, 'mastery.scores')]
  const scored = scores.filter((r) => r.subject === 'mastery-score')
  const students = [...new Set(scored.map((r) => r.key))]
  const tenant = (scored[0]!.value as { tenant: string }).tenant
  const run = new VirtualRun(alertingStage({ generation: 0 }))
  for (const m of shipped(tenant, students)) run.step(m)
  let alerts = 0
  let notices = 0
  const times = scores.flatMap((r) => (r.subject === 'tick' ? [(r.value as { at: number }).at] : []))
  const tally = new Tally({ from: times[0]!, to: times.at(-1)! })
  const watch = new Stopwatch()
  watch.start()
  for (const r of scores)
    for (const o of run.outputs(r)) {
      if (o.subject === 'alert') {
        alerts++
        tally.alert(o.value as Alert)
      } else if (o.subject === 'notice') {
        notices++
        tally.notice(o.value as Notice)
      }
    }
  const lap = await watch.stop()
  const bytes = students.map((s) => ALERT_STATE.encode(run.state(s) as AlertState).length).sort((a, b) => a - b)
  const topics = students.map((s) => (run.state(s) as AlertState).topics.length)
  const sum = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0)
  const said = tally.result()
  const f = figure(
    {
      scenario: 'alerts',
      what: `${students.length} students: scores and ticks`,
      records: scores.length,
      goal: 100_000,
    },
    ofMain(lap),
  )
  f.more = {
    ...f.more,
    rate: "per second of the main thread's CPU",
    scores: scored.length,
    ticks: scores.length - scored.length,
    transitions: alerts,
    notices,
    teachers: said.perTeacherAndWeek?.teachers ?? 0,
    'notices per teacher and week, p50': said.perTeacherAndWeek?.p50 ?? 0,
    'notices per teacher and week, p95': said.perTeacherAndWeek?.p95 ?? 0,
    'alerts by rule': said.rules
      .map((r) => `${r.rule} ${r.fired} (${r.students} students, ${r.again} again within 7 days)`)
      .join(', '),
    'topics per student': sum(topics) / topics.length,
    'bytes per student, mean': Math.round(sum(bytes) / bytes.length),
    'bytes per student, most': bytes.at(-1)!,
    'bytes per student and topic': Math.round(sum(bytes) / sum(topics)),
  }
  return [f]
}

/** What time costs where a partition has a hundred thousand students: nobody is due, everybody is, all are asked anew. */
const ticks: Case = async ({ quick, note }) => {
  const n = quick ? 5_000 : 100_000
  const students = Array.from({ length: n }, (_, i) => i.toString(16).padStart(32, '0'))
  const run = new VirtualRun(alertingStage({ generation: 0 }))
  for (const m of shipped('school', students)) run.step(m)
  let offset = 0
  const record = (subject: StageRecord['subject'], key: string, value: unknown): StageRecord => ({
    subject,
    key,
    value,
    origin: { topic: 'mastery.scores', partition: 0, offset: offset++ },
  })
  run.step(record('tick', '', { at: BEGIN }))
  note(`${n.toLocaleString('en')} students answer once`)
  students.forEach((student, i) => {
    const at = BEGIN + i
    const made = { tenant: 'school', student, topic: `topic-${i % 20}`, at, correct: true, mastery: 0.6 }
    run.step(record('mastery-score', student, madeScore({ ...made, opportunities: 1, partition: 0, offset })))
  })
  const idle = 10_000
  const watch = new Stopwatch()
  watch.start()
  for (let i = 1; i <= idle; i++) run.step(record('tick', '', { at: BEGIN + i * MINUTE }))
  const nobody = await watch.stop()

  const all = new Stopwatch()
  all.start()
  let woken = 0
  let at = BEGIN + 15 * DAY
  for (let told = -1; told !== woken; at += MINUTE) {
    told = woken
    woken += run.outputs(record('tick', '', { at })).filter((o) => o.subject === 'alert').length
  }
  const everybody = await all.stop()

  const store = new MemoryState()
  const scope: StateScope = { stage: 'alerts', generation: 0, topic: 'mastery.scores', partition: 0 }
  const claim = await store.claim(scope, 'bench')
  const changes = students.map((s) => [s, ALERT_STATE.encode(run.state(s) as AlertState)] as const)
  const meta = new Uint8Array(0)
  await store.commit(scope, { epoch: claim.epoch, expectedOffset: 0, nextOffset: 1, meta, changes, outputs: [] })
  const anew = alertingStage({ generation: 0 })
  const waking = new Waking(anew, anew.wakes as never, scope, store)
  const asking = new Stopwatch()
  asking.start()
  await waking.keysOf(record('tick', '', { at }), run.meta, new Map(), { epoch: claim.epoch, nextOffset: 1 })
  const asked = await asking.stop()
  const about = (what: string, records: number) => ({
    scenario: 'alerts',
    what: `${n.toLocaleString('en')} students: ${what}`,
    records,
  })
  return [
    figure(about('a tick that wakes nobody', idle), ofMain(nobody)),
    figure(about('a student who is woken and missed', woken), ofMain(everybody)),
    figure(about('after a claim, a student who is asked when due', n), ofMain(asked)),
  ]
}

export const cases = { stage, ticks, classes }
