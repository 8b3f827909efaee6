import { parseArgs } from 'node:util'
import type { Command } from '../command.ts'
import { subjectOf } from '../subject.ts'
import { table } from '../tables.ts'
import { positive } from './simulate.ts'

interface Row {
  at: string
  who: string
  role: string
  action: string
  purpose: string
}

export const accessCommand: Command = {
  name: 'access',
  summary: "who read or changed a student's data",
  help: `npx mastery access --student ID [--limit 100] [--tenant T] [--json] [--profile NAME] [--data DIR]

Newest first: reads over the API, traces, exports, erasures. X-Purpose, where a request brought it, says why.`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: {
        student: { type: 'string' },
        limit: { type: 'string' },
        tenant: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    const of = subjectOf(host, values.student, values.tenant)
    const gold = await host.gold()
    const rows = await gold.query<Row>(
      `SELECT toString(at) AS at, who, toString(role) AS role, toString(action) AS action, purpose FROM access_log FINAL
       WHERE tenant = {tenant:String} AND student_id = {student:String} ORDER BY access_log.at DESC LIMIT {limit:UInt32}`,
      { ...of, limit: positive('limit', values.limit, 100) },
    )
    if (values.json) io.out(`${JSON.stringify(rows)}\n`)
    else if (rows.length === 0) io.out('Nobody has read this student.\n')
    else
      io.out(
        table(
          ['when (UTC)', 'who', 'role', 'what', 'why'],
          rows.map((r) => [r.at, r.who, r.role, r.action, r.purpose]),
        ),
      )
    return 0
  },
}
