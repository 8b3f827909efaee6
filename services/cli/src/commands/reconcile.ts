import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { repairParts } from '@mastery/jobs/src/rebuild/parts.ts'
import { reconcile } from '@mastery/jobs/src/reconcile/run.ts'
import { fileStore } from '@mastery/jobs/src/reconcile/store.ts'
import { reportInWords } from '@mastery/topology/reconcile/report.ts'
import { type Command, UsageError } from '../command.ts'
import { Progress } from '../progress.ts'
import { subjectOf } from '../subject.ts'

export const reconcileCommand: Command = {
  name: 'reconcile',
  summary: 'compare gold and the states with a fold of all events, and heal what differs',
  help: `npx mastery reconcile [--no-heal] [--students ID,...] [--tenant T] [--json]

Folds every student's history in the order in which it happened, up to a cut, and compares windows, scores and states with
it: to the bit, models on tensors to 1e-4. Windows are computed a second time by SQL. What differs is written to
reconcile_runs, reconcile_fields and reconcile_mismatches (v_reconcile_...), and then healed: the student is rebuilt by a
command in the log, and compared again. Nothing is written over. --no-heal: only look.
Works beside live traffic. One run at a time; a run that was killed goes on where it was.
--json prints one object with events, students, compared, mismatches, missing, extra, healed, seconds, peak_rss_mb and more.
Exit code 0: nothing differed, or all of it was healed; 1 otherwise.`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: {
        'no-heal': { type: 'boolean' },
        students: { type: 'string' },
        tenant: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    const check = await host.stages()
    const parts = repairParts(host.installation, await host.gold(), { check })
    const progress = new Progress(values.json, io.err)
    const students = values.students
      ?.split(',')
      .map((s) => s.trim())
      .filter((s) => s !== '')
      .map((id) => subjectOf(host, id, values.tenant).student)
    if (students?.length === 0) throw new UsageError('--students names nobody: give ids, separated by commas.')
    const report = await reconcile(parts, {
      heal: !values['no-heal'],
      ...(students ? { students } : {}),
      store: fileStore(join(host.profile.dataDir, 'reconcile', `run-g${parts.generation}.json`)),
      progress: (phase, done, total) => progress.show(phase, done, total),
    })
    progress.end()
    const absent = new Set(students).size - report.students
    if (absent > 0)
      io.err.write(
        `${absent} of the students that were named ${absent === 1 ? 'has' : 'have'} no event here; nothing was compared for them. Check the ids and --tenant.\n`,
      )
    io.out(values.json ? `${JSON.stringify(report)}\n` : reportInWords(report))
    return report.status === 'differs' ? 1 : 0
  },
}
