import { Random } from '../../../school/random.ts'
import type { Answer } from '../../answer-log.ts'

const DAY = 86_400_000
const START = Date.UTC(2025, 8, 1)

/**
 * Answers over some weeks, several a day or none for days, in bundles, on one topic or several. Some weeks end exactly at
 * an answer, and some bundles share an instant. Each student has a share of right answers of their own, up to 40 in 100
 * above or below one half.
 */
export function answersOverWeeks(seed: number, students: number, most = 60): Answer[] {
  const random = new Random(seed)
  const answers: Answer[] = []
  for (let s = 0; s < students; s++) {
    let at = START + random.between(0, 10) * DAY
    const ability = 0.1 + 0.8 * random.uniform()
    for (let k = random.between(1, most), bundle = 0; k > 0; k--) {
      if (random.chance(0.7)) {
        bundle++
        if (random.chance(0.1)) at += random.between(1, 14) * DAY
        else if (random.chance(0.8)) at += random.between(1, 20) * 3_600_000
      }
      const topics = Array.from({ length: random.between(1, 3) }, () => `t${random.between(0, 4)}`)
      answers.push({
        ...{ student: `s${s}`, item: `i${random.between(0, 9)}`, topics, correct: random.chance(ability) },
        ...{ at, bundle: String(bundle), row: answers.length },
      })
    }
  }
  return answers
}
