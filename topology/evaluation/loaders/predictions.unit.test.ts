import { describe, expect, it } from 'vitest'
import { AnswerLogBuilder } from '../answer-log.ts'
import { readPredictions } from './predictions.ts'

const test = { fileName: 'test.tsv', text: 'user\tcorrect\nb\t1\na\t0\nb\t0\n' }
const builder = new AnswerLogBuilder()
for (const [row, student] of ['b', 'a', 'b'].entries())
  builder.add({ row, student, item: null, topics: ['t'], correct: true, at: Number.NaN })
const log = builder.build()

const read = (text: string, answers: typeof test | null = test) =>
  Object.fromEntries([...readPredictions('mine.csv', text, log, answers)].map(([id, p]) => [id, [...p]]))

describe('predictions from a file', () => {
  it('are found by row, model by model', () => {
    const text = 'row,model,p\n2,one,0.3\n0,one,0.1\n1,one,0.2\n0,"two, too",1\n1,"two, too",0\n2,"two, too",0.5\n'
    expect(read(text, null)).toEqual({ one: [0.1, 0.3, 0.2], 'two, too': [1, 0.5, 0] })
  })

  it('may be the last column of the test file', () => {
    expect(read('user\tcorrect\tDKT\nb\t1\t0.9\na\t0\t2e-1\nb\t0\t0.4\n')).toEqual({ DKT: [0.9, 0.4, 0.2] })
  })

  it.each([
    ['no number', 'row,model,p\n0,one,high\n', /mine\.csv, line 2, column p: It is no probability/],
    ['nothing', 'row,model,p\n0,one,\n', /line 2, column p/],
    ['more than one', 'user\tcorrect\tDKT\nb\t1\t0.9\na\t0\t1.2\nb\t0\t0.4\n', /line 3, column DKT: .*from 0 to 1/],
    ['a row twice', 'row,model,p\n0,one,0.1\n0,one,0.2\n', /line 3: Row 0 of one was given before/],
    ['no row number', 'row,model,p\nfirst,one,0.1\n', /line 2, column row/],
    ['a row too few', 'row,model,p\n0,one,0.1\n2,one,0.1\n', /no prediction of one for row 1 of the test file, line 3/],
    ['another test file', 'user\tcorrect\tDKT\nb\t1\t0.9\nc\t0\t0.2\nb\t0\t0.4\n', /line 3: .*same line of test\.tsv/],
    ['a line less', 'user\tcorrect\tDKT\nb\t1\t0.9\na\t0\t0.2\n', /line 4: .*same line of test\.tsv/],
    ['other columns', 'id,DKT\n1,0.5\n', /line 1: .*row, model, p/],
    ['an empty file', '', /mine\.csv: The file is empty/],
  ])('are refused by file, line and column: %s', (_, text, message) => {
    expect(() => read(text)).toThrow(message)
  })
})
