import { describe, expect, it } from 'vitest'
import { answersOf, logOf } from '../evaluation/testing/answers.ts'
import { ELO_LEARNER } from '../learners/elo/learner.ts'
import { IRT_LEARNER } from '../learners/irt/learner.ts'
import { itemParameters } from './parameters.ts'

const log = logOf(answersOf(3, { students: 40, answers: 30 }))
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe('parameters of items', () => {
  it('are read from what the learners write', async () => {
    const elo = await ELO_LEARNER.fit(log, { seed: 1 })
    const irt = await IRT_LEARNER.fit(log, { seed: 1 })
    const ofElo = itemParameters(text(ELO_LEARNER.encode(elo)))
    const ofIrt = itemParameters(text(IRT_LEARNER.encode(irt)))
    expect([ofElo.size, ofIrt.size]).toEqual([log.items.length, log.items.length])
    elo.items.name.forEach((name, i) => {
      expect(ofElo.get(name)).toEqual({
        difficulty: elo.items.difficulty[i],
        discrimination: 1,
        guessing: 0,
        difficultySe: elo.items.se[i],
        discriminationSe: null,
        guessingSe: null,
        answers: elo.items.answers[i],
      })
    })
    irt.items.name.forEach((name, i) => {
      const { difficulty, discrimination, guessing, difficultySe, discriminationSe } = irt.items
      expect(ofIrt.get(name)).toMatchObject({
        difficulty: difficulty[i],
        discrimination: discrimination[i],
        guessing: guessing[i],
        difficultySe: difficultySe[i],
        discriminationSe: discriminationSe[i],
      })
    })
  })

  it('are none for a version before any fit, and refused where they do not fit', () => {
    expect(itemParameters(null).size).toBe(0)
    expect(itemParameters('{"ability": 0.4}').size).toBe(0)
    expect(() => itemParameters('{"items": {"name": ["a"], "difficulty": ["x"]}}')).toThrow(/"difficulty" of "a"/)
  })
})
