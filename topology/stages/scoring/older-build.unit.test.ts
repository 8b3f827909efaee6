import { describe, expect, it } from 'vitest'
import { answer, DAY_ZERO, eventInput, MINUTE } from '../../testing/learner-log.ts'
import { bothStages, TopologyDriver } from '../../testing/topology-driver.ts'
import { SCORE_STATE, type ScoreState, TOPIC_WIDTH } from './state.ts'

/** The state after the first five answers below, as the build wrote it that served no forecast of the week. */
const WRITTEN = [
  'ArgOO1bZkRJDAAIACQAAAGZyYWN0aW9ucwgAAABkZWNpbWFscwIAAQAAAAEAAQACANgfCW8etsQ/AAAAAAAAFEAuY7h0z///P/o4Xi+3/wdALm',
  'O4dM///z8AAJhnKZB5QvLpEQPLB7c/6qepncz30j8AAAAAAAAIQMXi5rtCM+M/wsKdnwYf7T+8HyBoR5rjPwAAAAAAAPC/AAAAAAAA8L8AAAAA',
  'AADwvwAAAAAAAPC/AAAAAAAA8L9s7DZBMKTmPwAAmGcpkHlCAAAAAAAACEBbxnDpnv/vPy5juHTP//8/W8Zw6Z7/7z8AAPJYKZB5Qgp8nG14E+',
  'c/MOR1T+ZxoL8AAAAAAAAAQHzISbrn/98/7AfHJA/Z0T85hguKxXDfPwAAAAAAAPC/AAAAAAAA8L8AAAAAAADwvwAAAAAAAPC/AAAAAAAA8L81',
  'cgkjlBjbPwAA8lgpkHlCAAAAAAAAAEAAAAAAAAAA8P8AAAAAAAAAAAAAAAAAAAAABQAAAAAAAC0pkHlCAACmOymQeUIAAExKKZB5QgAA8lgpkH',
  'lCAACYZymQeUIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMhHdUm5JNUPphPVPDXY7Q7D8zxy6/R9DIhiaYI4APEPw',
  'uLMqYyIRQ0CG5aHSPBtDQIblodI8G0NAhuWh0jwbQ0CG5aHSPBtDQIblodI8G0MAAAAAQEIPAEBCDwAAAAAAQEIPAP////////////////////',
  '//////AAAAAAAAAAAAAAAAAQAAAAEAAAAAAAAAAA==',
].join('')

const input = (i: number) =>
  eventInput(
    answer(`e${i}`, {
      occurred_at: DAY_ZERO + i * MINUTE,
      topics: [['fractions', 'decimals'][i % 2]!],
      score: i % 3 ? 1 : 0,
      correct: i % 3 > 0,
    }),
  )

describe('a score state of a build with fewer served models', () => {
  it('is read as what this build makes of the same answers', () => {
    const driver = new TopologyDriver(bothStages(), {}).send(...[0, 1, 2, 3, 4].map(input))
    const { versions: _, ...ours } = driver.state<ScoreState>('scoring', 'student-1')
    const { versions, ...read } = SCORE_STATE.decode(Buffer.from(WRITTEN, 'base64'), 'student-1')
    expect(versions).toBe(0)
    const { topics: a, ...current } = read.current
    const { topics: b, ...expected } = ours.current
    expect(current).toEqual(expected)
    // Slots beyond the known topics are nobody's.
    const used = current.known * TOPIC_WIDTH
    expect([...a.slice(0, used)]).toEqual([...b.slice(0, used)])
    expect(read.ring).toEqual(ours.ring)
    expect([read.base, read.stale, read.baseEnd]).toEqual([ours.base, ours.stale, ours.baseEnd])
  })

  it('is refused where it is of models that this build does not know', () => {
    const bytes = Buffer.from(WRITTEN, 'base64')
    bytes.writeDoubleLE(12345, 1)
    expect(() => SCORE_STATE.decode(bytes, 'student-1')).toThrow(/written by a build with other models/)
  })
})
