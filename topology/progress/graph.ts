/** One topic and where it stands. A chapter belongs to one subject, a subject to one course; '' where it stands in none. */
export interface GraphTopic {
  id: string
  name: string
  chapter: string
  subject: string
  course: string
  /** Topics that come before. */
  prerequisites: readonly string[]
  /** Nobody has placed it; it is known from answers only. */
  alone?: true
}

export const LEVELS = ['topic', 'chapter', 'subject', 'course'] as const
export type Level = (typeof LEVELS)[number]

/** What topics are rolled up to. */
export interface GraphNode {
  level: Level
  /** Identity within the level: the names from the outermost down, so that two subjects may each have an "Introduction". */
  id: string
  name: string
  /** Indices into the graph's topics. */
  topics: readonly number[]
}

export interface TopicGraph {
  topics: readonly GraphTopic[]
  index: ReadonlyMap<string, number>
  /** Per topic, indices of its prerequisites. */
  prerequisites: readonly (readonly number[])[]
  /** Topics first, in their order, then chapters, subjects and courses. */
  nodes: readonly GraphNode[]
}

/** A graph that can't be used; `problems` has every reason. */
export class GraphError extends Error {
  override name = 'GraphError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

const SEPARATOR = ' / '

/**
 * The graph that these topics make.
 * @throws GraphError with every problem: repeated ids, prerequisites that are no topic, topics that come before
 * themselves, a chapter without a subject or a subject in two courses
 */
export function topicGraph(topics: readonly GraphTopic[]): TopicGraph {
  const index = new Map<string, number>()
  const problems: string[] = []
  topics.forEach((t, i) => {
    if (t.id.trim() === '') problems.push(`Topic ${i + 1} has no id.`)
    else if (index.has(t.id)) problems.push(`Topic "${t.id}" is there twice.`)
    else index.set(t.id, i)
    if (t.chapter !== '' && t.subject === '')
      problems.push(`Topic "${t.id}" has the chapter "${t.chapter}" but no subject: name the chapter's subject.`)
    if (t.subject === '' && t.course !== '')
      problems.push(`Topic "${t.id}" has the course "${t.course}" but no subject: name the course's subject.`)
    for (const p of new Set(t.prerequisites))
      if (t.prerequisites.filter((x) => x === p).length > 1)
        problems.push(`Topic "${t.id}" has the prerequisite "${p}" twice.`)
  })
  for (const t of topics)
    for (const p of t.prerequisites)
      if (!index.has(p)) problems.push(`Topic "${t.id}" has the prerequisite "${p}", which is no topic of this graph.`)
  for (const [subject, courses] of coursesOf(topics))
    if (courses.size > 1)
      problems.push(
        `Subject "${subject}" stands in ${[...courses].map((c) => (c === '' ? 'no course' : `"${c}"`)).join(' and ')}: a subject belongs to one course.`,
      )
  const prerequisites = topics.map((t) => t.prerequisites.flatMap((p) => index.get(p) ?? []))
  problems.push(...cycles(topics, prerequisites))
  if (problems.length > 0) throw new GraphError(problems)
  return { topics, index, prerequisites, nodes: nodesOf(topics) }
}

/** Without a subject a topic stands in no course either, so that it can't be in the wrong one. */
function coursesOf(topics: readonly GraphTopic[]): Map<string, Set<string>> {
  const courses = new Map<string, Set<string>>()
  for (const t of topics) {
    if (t.subject === '') continue
    const known = courses.get(t.subject)
    if (known) known.add(t.course)
    else courses.set(t.subject, new Set([t.course]))
  }
  return courses
}

/** One sentence per circle of prerequisites that a walk from the first topic on meets. */
function cycles(topics: readonly GraphTopic[], prerequisites: readonly (readonly number[])[]): string[] {
  const found: string[] = []
  const state = new Uint8Array(topics.length)
  for (let root = 0; root < topics.length; root++) {
    if (state[root] !== 0) continue
    // An explicit stack: a chain of ten thousand topics is no reason to fail.
    const path: { topic: number; next: number }[] = [{ topic: root, next: 0 }]
    state[root] = 1
    while (path.length > 0) {
      const at = path.at(-1)!
      const before = prerequisites[at.topic]![at.next++]
      if (before === undefined) {
        state[at.topic] = 2
        path.pop()
      } else if (state[before] === 0) {
        state[before] = 1
        path.push({ topic: before, next: 0 })
      } else if (state[before] === 1) {
        const circle = path.slice(path.findIndex((p) => p.topic === before)).map((p) => topics[p.topic]!.id)
        found.push(
          circle.length === 1
            ? `Topic "${circle[0]}" is its own prerequisite.`
            : `Topics "${circle.join('", "')}" come before each other in a circle.`,
        )
      }
    }
  }
  return found
}

function nodesOf(topics: readonly GraphTopic[]): GraphNode[] {
  const groups = new Map<string, GraphNode & { topics: number[] }>()
  const add = (level: Level, path: readonly string[], topic: number) => {
    const id = path.filter((x) => x !== '').join(SEPARATOR)
    const key = `${level} ${id}`
    const known = groups.get(key)
    if (known) known.topics.push(topic)
    else groups.set(key, { level, id, name: path.at(-1)!, topics: [topic] })
  }
  topics.forEach(({ chapter, subject, course }, i) => {
    if (chapter !== '') add('chapter', [course, subject, chapter], i)
    if (subject !== '') add('subject', [course, subject], i)
    if (course !== '') add('course', [course], i)
  })
  const own = topics.map((t, i): GraphNode => ({ level: 'topic', id: t.id, name: t.name, topics: [i] }))
  const rest = [...groups.values()].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level))
  return [...own, ...rest]
}

export function aloneTopic(id: string): GraphTopic {
  return { id, name: id, chapter: '', subject: '', course: '', prerequisites: [], alone: true }
}

/** A graph of topics of which nobody has said more than their names: no chapters, no prerequisites. */
export function flatGraph(ids: Iterable<string>): TopicGraph {
  return topicGraph([...ids].map(aloneTopic))
}
