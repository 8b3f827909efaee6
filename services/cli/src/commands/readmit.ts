import { parseArgs } from 'node:util'
import { readmitStudent } from '@mastery/api/src/privacy/erase.ts'
import type { Command } from '../command.ts'
import { noteAccess, privacyOf, subjectOf } from '../subject.ts'

export const readmitCommand: Command = {
  name: 'readmit',
  summary: "let an erased student's later events count again",
  help: `npx mastery readmit --student ID [--tenant T] [--reason TEXT] [--json] [--profile NAME] [--data DIR]

Events that occurred after now count. What was erased stays erased, and what comes late from before stays out.`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: {
        student: { type: 'string' },
        tenant: { type: 'string' },
        reason: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    const of = subjectOf(host, values.student, values.tenant)
    const done = await readmitStudent(await privacyOf(host), of, values.reason ?? null)
    await noteAccess(host, of, 'readmit')
    if (values.json) io.out(`${JSON.stringify(done)}\n`)
    else if (done.status === 'readmitted') io.out(`Readmitted: events after ${done.from} count again.\n`)
    else if (done.status === 'not_erased') io.out('This student is not erased; nothing was changed.\n')
    else io.out('The command is in the log; the stages have not come to it yet.\n')
    return done.status === 'pending' ? 1 : 0
  },
}
