import { parseArgs } from 'node:util'
import { STALE_REASON } from '@mastery/jobs/src/rebuild/job.ts'
import { repairParts } from '@mastery/jobs/src/rebuild/parts.ts'
import { rebuildStudents } from '@mastery/jobs/src/rebuild/rebuild.ts'
import type { Rebuilt } from '@mastery/jobs/src/rebuild/result.ts'
import { staleStudents } from '@mastery/jobs/src/rebuild/stale.ts'
import { type Command, UsageError } from '../command.ts'
import { Progress } from '../progress.ts'
import { subjectOf } from '../subject.ts'
import { table } from '../tables.ts'

export const rebuildCommand: Command = {
  name: 'rebuild',
  summary: "compute a student's state anew from the whole history",
  help: `npx mastery rebuild --student ID [--student ...] [--tenant T] [--reason TEXT] [--json]
npx mastery rebuild --stale [--json]

Folds everything that gold and the log hold of the student, in the order in which it happened, and has the stages put
the outcome in the place of the state; rows in gold follow. Changes nothing where the state was right. An erased student
stays erased. ID is the tenant's own id, or a pseudonym. --stale: all students of whom something came that is older than
what their state reaches back to, as the job "rebuild-stale" does.
--json prints one object: {"students": n, "installed": n, "results": [...]}. Exit code 1 where one was not rebuilt.`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: {
        student: { type: 'string', multiple: true },
        tenant: { type: 'string' },
        stale: { type: 'boolean' },
        reason: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    const named = values.student ?? []
    if (named.length === 0 && !values.stale) throw new UsageError('Say which: --student ID, or --stale.')
    if (named.length > 0 && values.stale) throw new UsageError('Give either --student or --stale.')
    const check = await host.stages()
    const parts = repairParts(host.installation, await host.gold(), { check })
    const wanted = values.stale
      ? await staleStudents(parts)
      : [...new Set(named)].map((id) => ({ student: subjectOf(host, id, values.tenant).student }))
    const progress = new Progress(values.json, io.err)
    const results = await rebuildStudents(parts, wanted, {
      reason: values.reason ?? (values.stale ? STALE_REASON : 'Rebuilt from the whole history, on request.'),
      progress: (done, total) => progress.show('rebuilding', done, total),
    })
    progress.end()
    const all = [...results.values()]
    const installed = all.filter((r) => r.outcome === 'installed').length
    if (values.json) io.out(`${JSON.stringify({ students: all.length, installed, results: all })}\n`)
    else io.out(inWords(all, installed, progress.seconds))
    return installed === all.length ? 0 : 1
  },
}

function inWords(all: readonly Rebuilt[], installed: number, seconds: number): string {
  if (all.length === 0) return 'Nobody waits for a rebuild.\n'
  const head = `${installed} of ${all.length} rebuilt in ${seconds.toFixed(1)} s.\n`
  const shown = all.filter((r) => r.outcome !== 'installed').slice(0, 50)
  const rows = all.length <= 20 ? all : shown
  const lines = rows.map((r) => [r.student, r.outcome, String(r.events), String(r.duplicates), String(r.attempts)])
  const why = [...new Set(shown.map((r) => `${r.outcome}: ${r.message}\n`))].join('')
  return head + (lines.length > 0 ? table(['student', 'outcome', 'events', 'repeats', 'tries'], lines) : '') + why
}
