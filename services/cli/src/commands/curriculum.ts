import { readFileSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { declaredGraph, storeGraph } from '@mastery/infra/provision/gold/topic-graph.ts'
import { GraphError } from '@mastery/topology/progress/graph.ts'
import { type GraphFormat, parseGraph } from '@mastery/topology/progress/graph-file.ts'
import { type Command, UsageError } from '../command.ts'
import { table } from '../tables.ts'
import { tellSubjects } from '../tell-subjects.ts'

/** Problems that one call prints; their number is told. */
const MOST = 50

function formatOf(file: string): GraphFormat {
  const extension = extname(file).toLowerCase()
  if (extension === '.json') return 'json'
  if (extension === '.csv' || extension === '.tsv') return 'csv'
  throw new UsageError(`--file ${file} should end in .csv, .tsv or .json, which says how to read it.`)
}

export const curriculumCommand: Command = {
  name: 'curriculum',
  summary: 'set and show the topic graph: chapters, subjects, courses, prerequisites',
  help: `npx mastery curriculum [show] [--tenant T] [--json]
npx mastery curriculum check --file FILE [--json]             reads it, and says everything that is wrong with it
npx mastery curriculum set --file FILE [--tenant T] [--json]  puts it in the place of the former graph

A CSV has a column "topic", and may have "name", "chapter", "subject", "course" and "prerequisites" (several apart by
blanks, ";" or "|"). JSON: {"topics": [{"topic": "decimals", "chapter": "numbers", "subject": "mathematics",
"prerequisites": ["fractions"]}]}. The order of the topics is the order of teaching. Topics that have answers and are not
in the file stand alone. Roll-ups follow with the next "npx mastery progress run"; v_topic_rollups_now follows at once, and
what is watched for drift is watched in each subject from here on.
Exit code 2: the file can't be used; nothing was changed.`,
  async run(host, args, io) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { file: { type: 'string' }, tenant: { type: 'string' }, json: { type: 'boolean' } },
    })
    const [what = 'show', ...more] = positionals
    if (!['show', 'check', 'set'].includes(what) || more.length > 0)
      throw new UsageError(`curriculum knows show, check and set, not "${positionals.join(' ')}".`)
    const tenant = host.tenant(values.tenant).id
    if (what === 'show') {
      const { topics, nodes } = await declaredGraph(await host.gold(), tenant)
      if (values.json) io.out(`${JSON.stringify({ tenant, topics })}\n`)
      else if (topics.length === 0)
        io.out('No graph has been set: every topic stands alone. "npx mastery curriculum set --file FILE" sets one.\n')
      else {
        const head = ['topic', 'name', 'chapter', 'subject', 'course', 'builds on']
        const rows = topics.map((t) => [t.id, t.name, t.chapter, t.subject, t.course, t.prerequisites.join(', ')])
        const of = (level: string) => nodes.filter((n) => n.level === level).length
        io.out(
          `${table(head, rows)}\n${topics.length} topics in ${of('chapter')} chapters, ${of('subject')} subjects, ${of('course')} courses.\n`,
        )
      }
      return 0
    }
    if (!values.file) throw new UsageError('--file is missing: a CSV or JSON file with the topics.')
    const format = formatOf(values.file)
    let text: string
    try {
      text = readFileSync(resolve(io.cwd, values.file), 'utf8')
    } catch (e) {
      throw new UsageError(`--file ${values.file} can't be read: ${(e as Error).message}`)
    }
    try {
      const graph = parseGraph(text, format)
      if (what === 'check') {
        io.out(
          values.json
            ? `${JSON.stringify({ topics: graph.topics.length, problems: [] })}\n`
            : `${graph.topics.length} topics, nothing wrong.\n`,
        )
        return 0
      }
      const now = Date.now()
      const done = await storeGraph(await host.gold(), tenant, graph, now)
      await tellSubjects(host.installation, tenant, graph.topics, now)
      io.out(
        values.json
          ? `${JSON.stringify({ tenant, ...done })}\n`
          : `${done.topics} topics are set${done.removed.length > 0 ? `; taken out: ${done.removed.join(', ')}` : ''}. "npx mastery progress run" rolls up along them.\n`,
      )
      return 0
    } catch (e) {
      if (!(e instanceof GraphError)) throw e
      if (values.json) io.out(`${JSON.stringify({ problems: e.problems })}\n`)
      const shown = e.problems.slice(0, MOST).map((p) => `  ${p}`)
      const rest = e.problems.length > MOST ? `\n  and ${e.problems.length - MOST} more` : ''
      io.err.write(`${values.file} can't be used; nothing was changed:\n${shown.join('\n')}${rest}\n`)
      return 2
    }
  },
}
