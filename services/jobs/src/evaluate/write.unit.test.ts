import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Predictions } from '@mastery/topology/evaluation/evaluate.ts'
import { readPredictions } from '@mastery/topology/evaluation/loaders/predictions.ts'
import { answersOf, logOf } from '@mastery/topology/evaluation/testing/answers.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { predictionsCsv, writeWhole } from './write.ts'

const folder = mkdtempSync(join(tmpdir(), 'write-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the file of predictions', () => {
  it('is in the order of the source, and gives every prediction back to the bit', () => {
    const answers = answersOf(2, { students: 8, answers: 12 })
    // Students take turns in the source, so that its order is not the log's.
    const log = logOf(answers.map((a, i) => ({ ...a, student: `s${i % 5}`, row: i, bundle: null })))
    const of = (id: string, p: (r: number) => number) =>
      ({ id, p: Float64Array.from({ length: log.size }, (_, r) => p(r)) }) as Predictions
    const all = [of('one', (r) => (r + 1) / 997), of('two, "too"', (r) => Math.exp(-r))]
    const text = predictionsCsv(log, all)
    expect(text.split('\n')[1]).toMatch(/^0,one,/)
    expect([...readPredictions('p.csv', text, log, null)]).toEqual(all.map((m) => [m.id, m.p]))
  })
})

describe('writing a file', () => {
  it('puts it in the place of a former one, and leaves nothing beside it', () => {
    const path = join(folder, 'a.txt')
    writeWhole(path, 'first')
    writeWhole(path, new TextEncoder().encode('second'))
    expect(readFileSync(path, 'utf8')).toBe('second')
    expect(readdirSync(folder)).toEqual(['a.txt'])
  })

  it('says where it could not write', () => {
    expect(() => writeWhole(join(folder, 'no', 'b.txt'), 'x')).toThrow(/b\.txt can't be written: .*another place/)
  })
})
