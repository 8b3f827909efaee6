import type { Disposition } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import { describe, expect, it } from 'vitest'
import { answer, command, DAY_ZERO, eventInput, MINUTE, view, voiding } from '../../testing/learner-log.ts'
import { bothStages, type Input, TopologyDriver } from '../../testing/topology-driver.ts'

const later = (minutes: number) => DAY_ZERO + minutes * MINUTE
const first = answer('a')
const events = (...all: ReturnType<typeof answer>[]): Input[] => all.map(eventInput)
const aged = Array.from({ length: 90 }, (_, i) => answer(`n${i}`, { occurred_at: later(200_000 + i) }))
const client = answer('x', { authority: 'client', opportunity_key: 'k' })
const server = answer('y', { authority: 'server', opportunity_key: 'k', occurred_at: later(1) })

/** What came before, the record in question, what becomes of it, and the models' changes. */
const CASES: [name: string, Input[], Input, Disposition, ops: string[]][] = [
  ['a graded answer', [], eventInput(first), 'counted', ['insert']],
  ['the same item again in the same context', events(first), eventInput(answer('b')), 'counted', ['insert']],
  ['an answer without topics', [], eventInput(answer('b', { topics: [] })), 'counted', ['insert']],
  ['a video', [], eventInput(answer('b', { kind: 'video_interaction', role: 'context', score: null })), 'context', []],
  ['an ungraded answer', [], eventInput(answer('b', { score: null })), 'context', []],
  ['the same event twice', events(first), eventInput({ ...first, observed_at: later(90) }), 'duplicate', []],
  [
    'the same command twice',
    [command('c', 'void', { target_event_id: 'a' })],
    command('c', 'void', { target_event_id: 'a' }),
    'duplicate',
    [],
  ],
  ['the same id with another answer', events(first), eventInput(answer('a', { score: 0 })), 'conflict', []],
  ['the same id on another item', events(first), eventInput(answer('a', { item: 'item-9' })), 'conflict', []],
  [
    'a view ten minutes after its evidence',
    events(first),
    eventInput(view('v', { occurred_at: later(10) })),
    'view_paired',
    [],
  ],
  [
    'a view ten minutes before its evidence',
    events(answer('a', { occurred_at: later(10) })),
    eventInput(view('v')),
    'view_paired',
    [],
  ],
  [
    'a view by the opportunity key',
    events(answer('a', { opportunity_key: 'k' })),
    eventInput(view('v', { opportunity_key: 'k', item: null })),
    'view_paired',
    [],
  ],
  [
    'a view more than ten minutes away',
    events(first),
    eventInput(view('v', { occurred_at: later(10) + 1 })),
    'view_unpaired',
    [],
  ],
  ['a view in another context', events(first), eventInput(view('v', { context: 'homework' })), 'view_unpaired', []],
  ['a view of a voided answer', events(first, voiding('w', 'a')), eventInput(view('v')), 'view_unpaired', []],
  ['browser evidence after the server', events(server), eventInput(client), 'outranked', []],
  [
    'later server evidence for the same opportunity',
    events(server),
    eventInput({ ...server, event_id: 'z', occurred_at: later(2) }),
    'outranked',
    [],
  ],
  ['server evidence after the browser', events(client), eventInput(server), 'corrected', ['remove', 'insert']],
  [
    'server evidence after voided browser evidence',
    events(client, voiding('w', 'x')),
    eventInput(server),
    'corrected',
    ['insert'],
  ],
  ['an event that voids', events(first), eventInput(voiding('v', 'a')), 'superseded', ['remove']],
  ['a command that voids', events(first), command('c', 'void', { target_event_id: 'a' }), 'superseded', ['remove']],
  [
    'an event that corrects',
    events(first),
    eventInput(answer('b', { score: 0, supersedes: 'a' })),
    'corrected',
    ['remove', 'insert'],
  ],
  [
    'a command that corrects',
    events(first),
    command('c', 'correction', { target_event_id: 'a', score: 0.5 }),
    'corrected',
    ['remove', 'insert'],
  ],
  [
    'a correction that changes nothing',
    events(first),
    command('c', 'correction', { target_event_id: 'a', correct: true }),
    'corrected',
    [],
  ],
  ['an event that was voided before it came', events(voiding('v', 'a')), eventInput(first), 'voided', []],
  ['a void of what has not come', [], eventInput(voiding('v', 'a')), 'pending', []],
  [
    'an event older than the ring',
    events(first, ...aged),
    eventInput(answer('old', { occurred_at: DAY_ZERO - 1 })),
    'too_old',
    [],
  ],
]

const drive = (log: Input[]) => new TopologyDriver(bothStages({ min: 16, max: 4096, days: 90 })).send(...log)

describe('what becomes of a record', () => {
  it.each(CASES)('%s', (_name, before, input, disposition, ops) => {
    const f = drive([...before, input])
      .features()
      .at(-1)!
    expect([f.disposition, f.ops.map((o) => o.op)]).toEqual([disposition, ops])
  })

  it('is one feature record for each, whatever it was', () => {
    for (const [, before, input] of CASES) expect(drive([...before, input]).features()).toHaveLength(before.length + 1)
  })

  it('is each disposition but ignored, which is for readers of newer schemas', () => {
    const all: Disposition[] = ['counted', 'context', 'duplicate', 'conflict', 'view_paired', 'view_unpaired']
    all.push('outranked', 'superseded', 'corrected', 'voided', 'pending', 'too_old')
    expect(new Set(CASES.map((c) => c[3]))).toEqual(new Set(all))
  })
})

describe('what the windowing stage refuses', () => {
  const dead = (...log: Input[]) => drive(log).deadLetters()

  it('a record under another key than its student', () => {
    const driver = drive([])
    driver.append('learning.events', 0, 'learning-event', 'somebody', first)
    driver.append(
      'learning.events',
      0,
      'student-command',
      'somebody',
      (command('c', 'void') as { value: unknown }).value,
    )
    expect(driver.deadLetters().map((d) => d.code)).toEqual(['wrong_key', 'wrong_key'])
    expect(driver.features()).toEqual([])
  })

  it('commands that it does not know, and corrections that say nothing', () => {
    const refused = dead(
      command('1', 'unknown'),
      command('2', 'void'),
      command('3', 'correction', { target_event_id: 'a' }),
    )
    expect(refused.map((d) => d.code)).toEqual(['unsupported_command', 'bad_command', 'bad_command'])
    expect(refused[1]!.message).toContain('needs a target event')
  })

  it('subjects that do not belong into its topic', () => {
    const driver = drive([])
    driver.append('learning.events', 0, 'reject', 'x', {})
    driver.append('learning.features', 0, 'learning-event', 'x', first)
    expect(driver.deadLetters().map((d) => [d.stage, d.code])).toEqual([
      ['features', 'wrong_subject'],
      ['scoring', 'wrong_subject'],
    ])
  })
})
