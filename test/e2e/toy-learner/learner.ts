import type { Learner } from '@mastery/topology/evaluation/learner.ts'

interface Artefact {
  learner: 'toy'
  /** Answers that the student's own share is drawn to the overall one by. */
  weight: number
  rate: number
}

/** The student's share of right answers so far, drawn to that of all students: as small as a learner can be. */
export const TOY: Learner<Artefact> = {
  id: 'toy',
  about: "The student's own share of right answers, drawn to that of all.",
  fit(train) {
    const right = train.correct.reduce((sum, y) => sum + y, 0)
    return { learner: 'toy', weight: 5, rate: (right + 1) / (train.size + 2) }
  },
  predict({ weight, rate }, log) {
    const p = new Float64Array(log.size)
    let right = 0
    let answered = 0
    for (let r = 0; r < log.size; ) {
      if (r === 0 || log.student[r] !== log.student[r - 1]) right = answered = 0
      let end = r
      while (end < log.size && log.student[end] === log.student[r] && log.bundle[end] === log.bundle[r]) end++
      p.fill((right + weight * rate) / (answered + weight), r, end)
      for (; r < end; r++, answered++) right += log.correct[r]!
    }
    return p
  },
  encode: (artefact) => new TextEncoder().encode(JSON.stringify(artefact)),
  parse(bytes) {
    const a = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Artefact> | null
    if (a?.learner !== 'toy' || !Number.isFinite(a.weight) || !Number.isFinite(a.rate))
      throw new Error('The artefact is none of the toy.')
    return a as Artefact
  },
}
