import type { StudentView } from './view.ts'

export interface TopicTargets {
  /** Mastery from which a topic needs no more work. */
  mastered: number
  /** Mastery from which a topic lets those begin that build on it. */
  ready: number
}

export type TopicKind =
  /** Below the target since the last answers. */
  | 'weak'
  /** Was at the target, and has been forgotten since. */
  | 'forgotten'
  /** No answers yet, and what comes before it is there. */
  | 'new'

export interface NextTopic {
  topic: string
  name: string
  kind: TopicKind
  /** With forgetting taken off; of a new topic null. */
  mastery: number | null
  /** Right after the last answer; of a new topic null. */
  lastMastery: number | null
  days: number | null
  opportunities: number
  /** Names of its prerequisites where all of them are met; empty else. */
  builtOn: string[]
}

export interface TopicAdvice {
  /** What could be worked on now, weakest first: seen topics by mastery, then new ones in the graph's order. */
  next: NextTopic[]
  /** Topics that wait for others, with what they wait for, by name. */
  waiting: { topic: string; name: string; for: string[] }[]
}

/** New topics that are offered at a time. */
const NEW_TOPICS = 5

/**
 * Topics worth working on: below the target once forgetting is taken off, with every prerequisite at `ready` or above, or
 * at `ready` themselves: who is well into a topic is not held up by what came before it.
 * Of two that are equally weak the one that more topics build on comes first. Then up to five new topics, in the order of
 * the graph, for nothing is known of them that could rank them; none that nobody has placed in it.
 */
export function nextTopics(view: StudentView, targets: TopicTargets): TopicAdvice {
  const { topics, prerequisites } = view.graph
  const followers = new Int32Array(topics.length)
  for (const before of prerequisites) for (const p of before) followers[p]!++
  const next: (NextTopic & { place: number })[] = []
  const waiting: TopicAdvice['waiting'] = []
  let fresh = 0
  topics.forEach(({ id, name, alone }, place) => {
    const state = view.state(id)
    const mastery = view.mastery(id)
    if (mastery !== null && mastery >= targets.mastered) return
    const unmet = (mastery ?? 0) >= targets.ready ? [] : view.unmet(place, targets.ready)
    if (unmet.length > 0) {
      waiting.push({ topic: id, name, for: unmet.map((p) => topics[p]!.name) })
      return
    }
    if (state === null && (alone || ++fresh > NEW_TOPICS)) return
    next.push({
      topic: id,
      name,
      kind: state === null ? 'new' : state.mastery >= targets.mastered ? 'forgotten' : 'weak',
      mastery,
      lastMastery: state?.mastery ?? null,
      days: view.days(id),
      opportunities: state?.opportunities ?? 0,
      builtOn: view.unmet(place, targets.ready).length > 0 ? [] : prerequisites[place]!.map((p) => topics[p]!.name),
      place,
    })
  })
  const rank = (t: NextTopic & { place: number }) => t.mastery ?? Number.POSITIVE_INFINITY
  next.sort((a, b) => {
    const x = rank(a)
    const y = rank(b)
    return x === y ? followers[b.place]! - followers[a.place]! || a.place - b.place : x - y
  })
  return { next: next.map(({ place: _, ...t }) => t), waiting }
}

/**
 * What a policy chooses among, as indices into the graph's topics, ascending: what is worth working on; for a student
 * with nothing of that, every topic that may be begun; and where prerequisites bar all of them, every topic.
 */
export function candidatesOf(view: StudentView, targets: TopicTargets): number[] {
  const { topics, index } = view.graph
  const worth = nextTopics(view, targets).next.map((t) => index.get(t.topic)!)
  if (worth.length > 0) return worth.sort((a, b) => a - b)
  const all = topics.map((_, i) => i)
  const open = all.filter((t) => view.unmet(t, targets.ready).length === 0)
  return open.length > 0 ? open : all
}

const percent = (x: number) => `${Math.round(100 * x)} %`
const daysInWords = (days: number) => {
  const n = Math.floor(days)
  return n === 0 ? 'today' : n === 1 ? 'yesterday' : `${n} days ago`
}

/** Why a topic is recommended, as a teacher reads it. */
export function topicReason(t: NextTopic): string {
  const base =
    t.builtOn.length === 0
      ? ''
      : `; ${t.builtOn.join(' and ')}, which it builds on, ${t.builtOn.length === 1 ? 'is' : 'are'} there`
  if (t.kind === 'new')
    return base === '' ? 'No answers on it yet, and it builds on nothing else.' : `No answers on it yet${base}.`
  const answers = `${t.opportunities} ${t.opportunities === 1 ? 'answer' : 'answers'}, the last ${daysInWords(t.days!)}`
  if (t.kind === 'forgotten')
    return `Was at ${percent(t.lastMastery!)} after the last answer; by now about ${percent(t.mastery!)} is left (${answers})${base}.`
  const faded =
    t.lastMastery! - t.mastery! >= 0.01
      ? ` (${percent(t.lastMastery!)} after the last answer, some of it forgotten since)`
      : ''
  return `Mastery is ${percent(t.mastery!)}${faded} after ${answers}${base}.`
}
