import type { DeliveryItem } from '@mastery/schemas/src/generated/delivery.gen.ts'
import type { ItemWords } from './item-words.ts'
import type { Language, Names } from './names.ts'
import type { SystemPhrases } from './system-phrases.ts'
import { type SystemAbout, type SystemStory, systemStoryOf } from './system-story.ts'
import { SYSTEM_GERMAN } from './system-words-de.ts'
import { SYSTEM_ENGLISH } from './system-words-en.ts'

const PHRASES: Readonly<Record<Language, SystemPhrases>> = { en: SYSTEM_ENGLISH, de: SYSTEM_GERMAN }

/** Findings behind which there may be a wrong key. */
const OF_KEYS = ['negative_discrimination', 'attractive_distractor', 'key', 'too_hard']

export const isOnSystem = (scope: string): boolean => scope === 'pipeline' || scope === 'item' || scope === 'model'

/** What a message says of a notice on the system itself. `role`: of the reader, as which it is written. */
export function systemWords(item: DeliveryItem, language: Language, names: Names, role: string | null): ItemWords {
  const p = PHRASES[language]
  const story = systemStoryOf(item)
  const over = item.kind === 'resolved'
  const topic = item.topic === null ? null : names.topic(item.topic)
  return {
    headline: headlineOf(p, story.about, over, topic),
    evidence: toldOf(p, story, over),
    next: over ? null : role === 'teacher' ? p.next.teacher : nextOf(p, story.about),
  }
}

function headlineOf(p: SystemPhrases, about: SystemAbout, over: boolean, topic: string | null): string {
  switch (about.is) {
    case 'part':
      return p.part[about.measure][over ? 'ends' : 'begins'](about.part)
    case 'source':
      return p.source[over ? 'ends' : 'begins'](about.source)
    case 'series':
      return over ? p.series.ends : p.series.begins(about.total)
    case 'items':
      return over ? p.items.ends(topic) : p.items.begins(about.total, topic)
    case 'model':
      return p.model[over ? 'ends' : 'begins'](about.found[0]?.name ?? null)
    case 'unsaid':
      return over ? p.unsaid.ends : p.unsaid.begins
  }
}

function toldOf(p: SystemPhrases, { about, since, facts }: SystemStory, over: boolean): string[] {
  const told: string[] = []
  const value = (code: string) => facts.value(code)
  if (about.is === 'part') {
    // How long it was silent is over, too.
    if (about.measure !== 'silence' || !over) told.push(p.measured(about))
    const problem = facts.text('problem')
    if (problem !== null) told.push(p.problem(problem))
    const heard = value('last_heard')
    if (heard !== null && about.measure === 'silence' && !over) told.push(p.lastHeard(heard))
    const operations = value('operations')
    if (operations !== null) told.push(p.counted(operations, value('window'), 'operations'))
    const partitions = value('partitions')
    if (partitions !== null) told.push(p.partitions(partitions))
    const rebuilding = value('rebuilding')
    if (rebuilding !== null) told.push(p.rebuilding(rebuilding))
    if (about.services.some((s) => s !== about.part)) told.push(p.runsIn(about.services))
  } else if (about.is === 'source') told.push(p.source.told(about), p.counted(about.events, value('window'), 'events'))
  else if (about.is !== 'unsaid') {
    for (const f of about.found) told.push(p.found(f))
    if (about.total > about.found.length && about.found.length > 0)
      told.push(p.further(about.total - about.found.length))
  }
  if (since !== null) told.push(p.since(since))
  return told
}

function nextOf(p: SystemPhrases, about: SystemAbout): string {
  switch (about.is) {
    case 'part':
      return p.next.part[about.measure](about)
    case 'source':
      return p.next.source
    case 'series':
      return p.next.series
    case 'model':
      return p.next.model(about.found[0]?.name ?? null)
    case 'items': {
      const key = about.found.some((f) => f.findings.some((x) => OF_KEYS.includes(x)))
      return p.next.items(about.found[0]?.name ?? null, key)
    }
    case 'unsaid':
      return p.next.unsaid
  }
}
