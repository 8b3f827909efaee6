import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GraphError, type GraphTopic, topicGraph } from './graph.ts'
import { parseGraph } from './graph-file.ts'

const topic = (id: string, more: Partial<GraphTopic> = {}): GraphTopic => ({
  id,
  name: id,
  chapter: '',
  subject: '',
  course: '',
  prerequisites: [],
  ...more,
})

function problemsOf(make: () => unknown): readonly string[] {
  try {
    make()
  } catch (e) {
    expect(e).toBeInstanceOf(GraphError)
    return (e as GraphError).problems
  }
  return []
}

describe('the topic graph', () => {
  it('has a node per topic, chapter, subject and course, chapters of one name in two subjects apart', () => {
    const { nodes } = topicGraph([
      topic('a', { chapter: 'Introduction', subject: 'physics', course: 'year 7' }),
      topic('b', { chapter: 'Introduction', subject: 'chemistry', course: 'year 7' }),
      topic('c', { chapter: 'Introduction', subject: 'physics', course: 'year 7' }),
      topic('d'),
    ])
    expect(nodes.slice(4).map((n) => [n.level, n.id, n.name, n.topics])).toEqual([
      ['chapter', 'year 7 / physics / Introduction', 'Introduction', [0, 2]],
      ['chapter', 'year 7 / chemistry / Introduction', 'Introduction', [1]],
      ['subject', 'year 7 / physics', 'physics', [0, 2]],
      ['subject', 'year 7 / chemistry', 'chemistry', [1]],
      ['course', 'year 7', 'year 7', [0, 1, 2]],
    ])
  })

  it('says everything that is wrong at once', () => {
    const problems = problemsOf(() =>
      topicGraph([
        topic('a', { prerequisites: ['b', 'nothing'] }),
        topic('b', { prerequisites: ['a'] }),
        topic('b'),
        topic('c', { prerequisites: ['c'], chapter: 'one' }),
        topic('d', { subject: 's', course: 'x' }),
        topic('e', { subject: 's', course: 'y' }),
        topic(' '),
      ]),
    )
    expect(problems).toEqual([
      'Topic "b" is there twice.',
      'Topic "c" has the chapter "one" but no subject: name the chapter\'s subject.',
      'Topic 7 has no id.',
      'Topic "a" has the prerequisite "nothing", which is no topic of this graph.',
      'Subject "s" stands in "x" and "y": a subject belongs to one course.',
      'Topics "a", "b" come before each other in a circle.',
      'Topic "c" is its own prerequisite.',
    ])
  })

  it('is refused exactly where an edge closes a circle', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 25 }),
        fc.tuple(fc.nat(11), fc.nat(11)),
        (n, pairs, [from, to]) => {
          const before = Array.from({ length: n }, () => new Set<number>())
          // Edges from later to earlier topics only: no circle.
          for (const [x, y] of pairs) if (Math.max(x, y) < n && x !== y) before[Math.max(x, y)]!.add(Math.min(x, y))
          const build = () =>
            topicGraph(before.map((b, i) => topic(`t${i}`, { prerequisites: [...b].map((p) => `t${p}`) })))
          expect(build().topics).toHaveLength(n)
          if (from >= n || to >= n) return
          // Whether `to` is reached from `from`, by repeated relaxation: the new edge to -> from closes a circle then.
          const reached = new Set([from])
          for (let i = 0; i < n; i++) for (const x of [...reached]) for (const p of before[x]!) reached.add(p)
          before[to]!.add(from)
          expect(problemsOf(build).length > 0).toBe(reached.has(to))
        },
      ),
    )
  })
})

describe('a graph file', () => {
  const CSV = `topic,name,chapter,subject,prerequisites
fractions,Fractions,numbers,mathematics,
decimals,"Decimals, finite",numbers,mathematics,fractions
percentages,,numbers,mathematics,fractions;decimals
`
  const JSON_TEXT = JSON.stringify({
    topics: [
      { topic: 'fractions', name: 'Fractions', chapter: 'numbers', subject: 'mathematics' },
      {
        topic: 'decimals',
        name: 'Decimals, finite',
        chapter: 'numbers',
        subject: 'mathematics',
        prerequisites: ['fractions'],
      },
      { topic: 'percentages', chapter: 'numbers', subject: 'mathematics', prerequisites: ['fractions', 'decimals'] },
    ],
  })

  it('says the same as CSV and as JSON', () => {
    const graph = parseGraph(CSV, 'csv')
    expect(graph).toEqual(parseGraph(JSON_TEXT, 'json'))
    expect(graph.topics[2]).toEqual(
      topic('percentages', {
        chapter: 'numbers',
        subject: 'mathematics',
        prerequisites: ['fractions', 'decimals'],
      }),
    )
  })

  it('names every line that can not be used, and what the lines say together', () => {
    expect(problemsOf(() => parseGraph('topic,colour\na,red\n,blue\nb\n', 'csv'))).toEqual([
      'Line 1: there is no column "colour"; the columns are topic, name, chapter, subject, course, prerequisites.',
      'Line 3: the topic is empty.',
      'Line 4: it has 1 fields, the header 2.',
    ])
    expect(problemsOf(() => parseGraph('topic,prerequisites\na,b\n', 'csv'))).toEqual([
      'Topic "a" has the prerequisite "b", which is no topic of this graph.',
    ])
    expect(problemsOf(() => parseGraph('[{"topic": 3, "color": 1}, 4]', 'json'))).toEqual([
      'Topic 1 has the field "color"; the fields are topic, name, chapter, subject, course, prerequisites.',
      'Topic 1: topic is no text.',
      'Topic 1: topic is missing.',
      'Topic 2 is no object.',
    ])
    for (const [text, format] of [
      ['', 'csv'],
      ['topic\n', 'csv'],
      ['[]', 'json'],
    ] as const)
      expect(problemsOf(() => parseGraph(text, format))).toEqual(['The file names no topic.'])
    expect(problemsOf(() => parseGraph('{"topics": 4}', 'json'))).toEqual([
      expect.stringContaining('no list of topics'),
    ])
  })
})
