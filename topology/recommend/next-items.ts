import { sigmoid } from '../models/model.ts'

/** What is known of an item's difficulty, and where from. */
export type Difficulty =
  /** Three-parameter logistic against the student's logit on the topic's usual item. */
  | { source: 'irt'; difficulty: number; discrimination: number; guessing: number }
  /** Against the topic's usual item, logits. */
  | { source: 'elo'; difficulty: number }
  /** Share of right answers, drawn towards the topic's share. */
  | { source: 'p-value'; share: number; topicShare: number; answers: number }

export interface ItemOnOffer {
  item: string
  difficulty: Difficulty
  /** UTC milliseconds of the student's last answer to it, null for none; and whether it was right. */
  lastAt: number | null
  lastCorrect: boolean | null
}

export interface NextItem {
  item: string
  /** Expected probability of a right answer. */
  success: number
  source: Difficulty['source']
  /** Answered before, and wrongly. */
  again: boolean
}

/** Answers that the topic's share of right ones counts for in an item's. */
export const PRIOR_ANSWERS = 20

/** Share of right answers to an item, drawn towards its topic's: (correct + 20 share) / (answers + 20). */
export function shrunkShare(correct: number, answers: number, topicShare: number): number {
  return (correct + PRIOR_ANSWERS * topicShare) / (answers + PRIOR_ANSWERS)
}

const logit = (p: number) => {
  const q = Math.min(1 - 1e-6, Math.max(1e-6, p))
  return Math.log(q / (1 - q))
}

/**
 * Probability that the student answers the item right. `usual` is that for the topic's usual item, difficulty 0: with
 * Elo and item response theory an item shifts its logit by the difficulty. Without parameters the shift is the item's
 * share of right answers against the topic's, both as logits, as a Rasch model with the same students on every item
 * would have it.
 */
export function successOn(usual: number, d: Difficulty): number {
  switch (d.source) {
    case 'irt':
      return d.guessing + (1 - d.guessing) * sigmoid(d.discrimination * (logit(usual) - d.difficulty))
    case 'elo':
      return sigmoid(logit(usual) - d.difficulty)
    case 'p-value':
      return sigmoid(logit(usual) + logit(d.share) - logit(d.topicShare))
  }
}

/** Days for which an item that was answered right is not asked again. */
const REST_DAYS = 14
const DAY = 86_400_000

/**
 * The items whose expected success lies nearest to `target`, nearest first; equally near ones by name. Items answered
 * right within two weeks rest: success on them says more of the memory for the item than of the topic.
 */
export function nextItems(
  offer: readonly ItemOnOffer[],
  usual: number,
  { target, count, now }: { target: number; count: number; now: number },
): NextItem[] {
  return offer
    .filter((o) => !(o.lastCorrect === true && o.lastAt !== null && now - o.lastAt < REST_DAYS * DAY))
    .map((o) => ({
      item: o.item,
      success: successOn(usual, o.difficulty),
      source: o.difficulty.source,
      again: o.lastCorrect === false,
    }))
    .sort((a, b) => Math.abs(a.success - target) - Math.abs(b.success - target) || (a.item < b.item ? -1 : 1))
    .slice(0, count)
}

const percent = (x: number) => `${Math.round(100 * x)} %`
const SOURCES: Record<Difficulty['source'], string> = {
  irt: 'by its fitted parameters',
  elo: 'by its fitted difficulty',
  'p-value': 'by how others did on it',
}

/** Why an item is recommended, as a teacher reads it. */
export function itemReason(i: NextItem, target: number): string {
  const off = i.success - target
  const near = Math.abs(off) <= 0.05 ? 'near' : off > 0 ? 'easier than' : 'harder than'
  return `Expected to succeed with ${percent(i.success)} ${SOURCES[i.source]}, ${near} the ${percent(target)} aimed at${i.again ? '; answered wrongly before' : ''}.`
}
