import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { studentCommand } from '../events/command.ts'
import { timeOf } from '../stages/windowing/entry.ts'
import { answer } from '../testing/learner-log.ts'
import { type Input, TopologyDriver } from '../testing/topology-driver.ts'
import { type Floor, floorAfter, keptOut, readFloor, writeFloor } from './floor.ts'

const STUDENT = 'a'.repeat(32)

const input = fc.oneof(
  { weight: 5, arbitrary: fc.record({ what: fc.constant('event' as const), at: fc.integer({ min: 0, max: 60 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constantFrom('erase' as const, 'readmit' as const),
      at: fc.integer({ min: 0, max: 60 }),
      id: fc.integer({ min: 0, max: 3 }),
    }),
  },
)

describe('the floor of an erased student', () => {
  it('keeps out of gold exactly what the windowing stage calls erased', () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 40 }), (steps) => {
        const inputs = steps.map((s, i): Input => {
          if (s.what === 'event')
            return {
              subject: 'learning-event',
              value: answer(`e${i}`, { student: STUDENT, occurred_at: s.at * 60_000, observed_at: 3_600_000 }),
            }
          const { what: kind, at, id } = s
          return {
            subject: 'student-command',
            value: studentCommand({
              command_id: `${kind}-${id}`,
              tenant: 'school',
              student: STUDENT,
              kind,
              issued_at: at * 60_000,
            }),
          }
        })
        const stage = new TopologyDriver().send(...inputs)
        const erased = new Set(
          stage.features().flatMap((f) => (f.disposition === 'erased' && f.event_id === '' ? [f.origin_offset] : [])),
        )
        let floor: Floor | null = null
        let resets = 0
        inputs.forEach((r, offset) => {
          if (r.subject === 'student-command') {
            const change = floorAfter(floor, r.value, offset)
            if (change === null) return
            resets += change.erases ? 1 : 0
            floor = readFloor(writeFloor(change.floor), STUDENT)
          } else if (r.subject === 'learning-event')
            expect([offset, keptOut(floor ?? undefined, offset, timeOf(r.value))]).toEqual([offset, erased.has(offset)])
        })
        expect(resets).toBe(stage.features().filter((f) => f.ops.some((o) => o.op === 'reset')).length)
      }),
      { numRuns: 300, seed: 3 },
    )
  })

  it('keeps out again what is read again from before the readmission', () => {
    const at = (kind: 'erase' | 'readmit', issued_at: number) =>
      studentCommand({ command_id: kind, tenant: 'school', student: STUDENT, kind, issued_at })
    const erased = floorAfter(null, at('erase', 100), 10)!.floor
    const readmitted = floorAfter(erased, at('readmit', 200), 20)!.floor
    expect(keptOut(readmitted, 15, 900)).toBe(true)
    expect(keptOut(readmitted, 21, 200)).toBe(true)
    expect(keptOut(readmitted, 21, 201)).toBe(false)
    // The same erase at the same place: its state was lost, so what followed is decided again.
    expect(floorAfter(readmitted, at('erase', 100), 10)).toMatchObject({ erases: true, floor: { floor: Infinity } })
    expect(floorAfter(readmitted, at('erase', 100), 30)).toBeNull()
  })

  it('takes a copy of an older erase or readmission for one', () => {
    const at = (kind: 'erase' | 'readmit', n: number) =>
      studentCommand({ command_id: `${kind}-${n}`, tenant: 'school', student: STUDENT, kind, issued_at: n * 100 })
    const steps = [at('erase', 1), at('readmit', 2), at('erase', 3), at('readmit', 4)]
    let floor: Floor | null = null
    for (const [i, c] of steps.entries()) floor = floorAfter(floor, c, i * 10)!.floor
    expect(floor).toMatchObject({ floor: 400, cut: 30 })
    for (const c of steps) expect(floorAfter(floor, c, 99)).toBeNull()
    const again = floorAfter(floor, at('erase', 5), 50)!.floor
    for (const c of steps) expect(floorAfter(again, c, 99)).toBeNull()
    // Read again from its start, the partition decides as it did.
    let later: Floor | null = again
    for (const [i, c] of steps.entries()) later = floorAfter(later, c, i * 10)?.floor ?? later
    expect(later).toMatchObject({ floor: 400, cut: 30 })
    expect(floorAfter(later, at('erase', 5), 50)).toMatchObject({ erases: true })
  })

  it('refuses bytes of another version', () => {
    expect(() => readFloor(Uint8Array.of(9), STUDENT)).toThrow(/format 9, this build reads 1 and 2/)
  })
})
