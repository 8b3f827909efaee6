import type { DeliveryItem } from '@mastery/schemas/src/generated/delivery.gen.ts'
import type { ItemWords } from './item-words.ts'
import type { Language, Names } from './names.ts'
import type { About, Phrases } from './phrases.ts'
import { Facts, storyOf } from './story.ts'
import { isOnSystem, systemWords } from './system-words.ts'
import { GERMAN } from './words-de.ts'
import { ENGLISH } from './words-en.ts'

/** `role`: as which the reader is told; null: not known. */
export type WordsOf = (item: DeliveryItem, language: Language, names: Names, role?: string | null) => ItemWords

function aboutOf(facts: Facts): About {
  if (facts.has('idle_days')) return 'idle'
  if (facts.has('rapid_of_last_ten')) return 'rapid'
  if (facts.has('answers_without_mastery')) return 'practice'
  if (facts.has('fall')) return 'fall'
  if (facts.has('prerequisite')) return 'prerequisite'
  const [mastery, line] = [facts.value('mastery'), facts.value('threshold')]
  return mastery !== null && line !== null && mastery > line ? 'reached' : 'help'
}

const PHRASES: Readonly<Record<Language, Phrases>> = { en: ENGLISH, de: GERMAN }

/** Words by what the evidence holds, for rules of any kind. */
export const plainWords: WordsOf = (item, language, names, role = null) => {
  if (isOnSystem(item.scope)) return systemWords(item, language, names, role)
  const p = PHRASES[language]
  const about = aboutOf(new Facts(item.evidence))
  const evidence = storyOf(item.evidence).map((t) => p.told(t, names.topic))
  return {
    headline: p.headline(item, about, item.topic === null ? null : names.topic(item.topic)),
    evidence: item.mutes > 0 ? [p.members(item.mutes), ...evidence] : evidence,
    next: p.next(item, about),
  }
}
