import { parseArgs } from 'node:util'
import { TOPICS } from '@mastery/topology/topics.ts'
import type { Command } from '../command.ts'
import { table } from '../tables.ts'

export const topicsCommand: Command = {
  name: 'topics',
  summary: 'the map of topics: who writes, who reads',
  help: 'npx mastery topics [--json]\n\nPrints every topic of the event log as topology/topics.ts declares it.',
  standalone: true,
  async run(_host, args, io) {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean' } } })
    if (values.json) io.out(`${JSON.stringify(TOPICS)}\n`)
    else {
      io.out(
        table(
          ['topic', 'key', 'records', 'kept', 'writers', 'readers', 'dead letters'],
          TOPICS.map((t) => [
            t.name,
            t.key,
            t.subjects.join(' ') || 'raw bytes',
            t.compacted ? 'latest' : `${t.retentionDays} d`,
            t.writers.join(' '),
            t.readers.join(' '),
            t.deadLetter,
          ]),
        ),
      )
      for (const t of TOPICS) io.out(`\n  ${t.name}\n    ${t.about}\n`)
    }
    return 0
  },
}
