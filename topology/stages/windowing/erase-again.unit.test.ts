import { describe, expect, it } from 'vitest'
import { answer, command, DAY, DAY_ZERO } from '../../testing/learner-log.ts'
import { type Input, TopologyDriver } from '../../testing/topology-driver.ts'
import { EARLIER_COMMANDS, WINDOW_STATE, WindowState } from './state.ts'

const STUDENT = 'c'.repeat(32)
const erase = (n: number): Input => command(`erase-${n}`, 'erase', { student: STUDENT, issued_at: DAY_ZERO + n * DAY })
const readmit = (n: number): Input =>
  command(`readmit-${n}`, 'readmit', { student: STUDENT, issued_at: DAY_ZERO + n * DAY })
const event = (day: number): Input => ({
  subject: 'learning-event',
  value: answer(`e${day}`, { student: STUDENT, occurred_at: DAY_ZERO + day * DAY, observed_at: DAY_ZERO + day * DAY }),
})

/** What the stage made of each record. */
const dispositions = (...inputs: Input[]) =>
  new TopologyDriver()
    .send(...inputs)
    .features()
    .map((f) => f.disposition)

describe('a copy of an older command', () => {
  it('does not erase what a student did after the second readmission', () => {
    const first = [event(1), erase(2), readmit(3), event(4), erase(5), readmit(6), event(7)]
    const copies = [erase(2), erase(5), readmit(3), readmit(6)]
    const found = dispositions(...first, ...copies, event(8))
    expect(found.slice(first.length)).toEqual(['duplicate', 'duplicate', 'duplicate', 'duplicate', 'counted'])
  })

  it('does not let an erased student back in', () => {
    const log = [event(1), erase(2), readmit(3), erase(5), readmit(6), erase(8)]
    expect(dispositions(...log, readmit(3), readmit(6), event(9)).slice(log.length)).toEqual([
      'duplicate',
      'duplicate',
      'erased',
    ])
  })

  it('is remembered through the bytes of the state, which stay small', () => {
    const s = new WindowState()
    const earlier = Array.from({ length: EARLIER_COMMANDS }, (_, i) => i + 0.5)
    s.erasure = { floor: 7, at: 5, eraseId: 1, readmitId: 2, earlier }
    const bytes = WINDOW_STATE.encode(s)
    expect(WINDOW_STATE.decode(bytes, STUDENT).erasure).toEqual(s.erasure)
    s.erasure = { ...s.erasure, earlier: [] }
    expect(WINDOW_STATE.decode(WINDOW_STATE.encode(s), STUDENT).erasure).toEqual(s.erasure)
    expect(bytes.length - WINDOW_STATE.encode(s).length).toBe(1 + 8 * EARLIER_COMMANDS)
  })
})
