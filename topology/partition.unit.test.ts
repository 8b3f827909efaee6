import { describe, expect, it } from 'vitest'
import { hash128 } from './events/hash.ts'
import { FIRST, generationOf, partitionIn, partitionsRefused } from './generations/generation.ts'
import { branchesOf, branchOf, partitionOf, sourceOf } from './partition.ts'
import { placesOf, type StageOutput } from './stage.ts'

const keys = Array.from({ length: 500 }, (_, i) => hash128('partition', String(i)))
const range = (n: number) => Array.from({ length: n }, (_, i) => i)
const COUNTS = [
  { input: 1, output: 5 },
  { input: 4, output: 8 },
  { input: 3, output: 9 },
  { input: 6, output: 6 },
]

describe('a generation with more partitions', () => {
  it.each(COUNTS)('finds every student in the partition that its key says ($input to $output)', (counts) => {
    const used = new Set<number>()
    for (const key of keys) {
      const own = partitionOf(key, counts.output)
      expect(branchOf(key, partitionOf(key, counts.input), counts)).toBe(own)
      used.add(own)
    }
    expect(used.size).toBe(counts.output)
  })

  it.each(COUNTS)(
    'feeds each partition from one source, also with a key in a wrong one ($input to $output)',
    (counts) => {
      expect(
        range(counts.input)
          .flatMap((p) => branchesOf(p, counts))
          .sort((a, b) => a - b),
      ).toEqual(range(counts.output))
      for (const p of range(counts.input)) {
        for (const q of branchesOf(p, counts)) expect(sourceOf(q, counts.input)).toBe(p)
        for (const key of keys) expect(branchesOf(p, counts)).toContain(branchOf(key, p, counts))
      }
    },
  )

  it('gives a broadcast to every branch, a student to one, and what goes by key to its own', () => {
    const output: StageOutput = { topic: 'learning.features', subject: 'tick', key: keys[0]!, value: null }
    const counts = { input: 4, output: 12 }
    const p = partitionOf(keys[0]!, 4)
    expect(placesOf({ ...output, broadcast: true }, p, counts)).toEqual([p, p + 4, p + 8])
    expect(placesOf(output, p, counts)).toEqual([partitionOf(keys[0]!, 12)])
    expect(placesOf({ ...output, byKey: true }, 0, counts)).toEqual([partitionOf(keys[0]!, 12)])
    expect(placesOf({ ...output, broadcast: true }, p, { input: 4, output: 4 })).toEqual([p])
    expect(placesOf(output, 3, null)).toEqual([3])
    expect(() => placesOf({ ...output, byKey: true }, 0, null)).toThrow('give foldStage the option partitions')
  })

  it.each([
    [4, 4, null],
    [8, 4, null],
    [252, 4, null],
    [6, 4, '4, 8, 12 and so on up to 252'],
    [256, 4, 'up to 252'],
    [2, 4, 'fewer than 4 would merge'],
    [0, 4, 'not possible'],
    [-4, 4, 'not possible'],
    [4.5, 4, 'not possible'],
    [Number.NaN, 4, 'not possible'],
    [200, 150, 'multiple of 150 (150);'],
  ])('%d of %d partitions: %s', (wanted, source, refused) => {
    const why = partitionsRefused(wanted, source)
    if (refused === null) expect(why).toBeNull()
    else expect(why).toContain(refused)
  })

  it('is looked up by its own count where it computes, and by that of learning.events where it reads', () => {
    const g = { partitions: 12 }
    for (const key of keys.slice(0, 20)) {
      expect(partitionIn(g, 'learning.events', key, 4)).toBe(partitionOf(key, 4))
      expect(partitionIn(g, 'mastery.scores.g3', key, 4)).toBe(partitionOf(key, 12))
      expect(partitionIn(FIRST, 'mastery.scores', key, 4)).toBe(partitionOf(key, 4))
    }
  })

  it('has as many as learning.events where its record is from before there was a choice', () => {
    const { partitions: _, ...before } = FIRST
    const marker = { subject: 'generation', payload: JSON.stringify(before) }
    expect(generationOf(marker as Parameters<typeof generationOf>[0])).toEqual(FIRST)
  })
})
