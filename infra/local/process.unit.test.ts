import { describe, expect, it } from 'vitest'
import { birthMark, bornOf } from './process.ts'

/** A line of /proc/<pid>/stat with these values in its 3rd, 20th and 22nd field. */
const stat = (state: string, threads: number, start: string, name = 'node') =>
  `4711 (${name}) ${[state, ...Array.from({ length: 16 }, (_, i) => i), threads, 0, start, 1, 2, 3].join(' ')}\n`

describe('whether a process still runs', () => {
  it.each([
    ['Z', 47],
    ['X', 2],
  ])(
    'calls no process gone whose first thread is over (%s) while %i of it still hold its port and files',
    (state, n) => {
      expect(birthMark(stat(state, n, '993311'))).toBe('993311')
    },
  )

  it.each(['Z', 'X'])('calls a process gone of which only the exit status is left (%s)', (state) => {
    expect(birthMark(stat(state, 1, '993311'))).toBeNull()
    expect(birthMark(stat(state, 0, '993311'))).toBeNull()
  })

  it('reads past a command name with spaces and brackets', () => {
    expect(birthMark(stat('S', 1, '12', 'a) Z 1 (b'))).toBe('12')
  })

  it('marks this process alike each time, and none that never was', () => {
    expect(bornOf(process.pid)).toMatch(/\d/)
    expect(bornOf(process.pid)).toBe(bornOf(process.pid))
    expect(bornOf(2 ** 22 + 1)).toBeNull()
  })
})
