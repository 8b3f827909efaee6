import { pending } from '@mastery/infra/runtime/drain.ts'
import { StillWatch } from '@mastery/infra/runtime/stands-still.ts'
import { type Difference, diffGenerations } from '@mastery/jobs/src/replay/diff.ts'
import { buildProgress, isCaughtUp } from '@mastery/jobs/src/replay/progress.ts'
import { generationNamed, markReady } from '@mastery/jobs/src/replay/switch.ts'
import { isWhole } from '@mastery/topology/generations/generation.ts'
import type { Host, Io } from './command.ts'
import { Progress } from './progress.ts'
import { table } from './tables.ts'

const LOOK_MS = 500

/**
 * Shows a generation being built and resolves when it has caught up. Ended half-way, the building goes on or waits.
 * @throws StandsStill where a stage that it needs does not run
 */
export async function waitUntilBuilt(host: Host, id: number, io: Io, quiet: boolean): Promise<{ seconds: number }> {
  const check = await host.stages()
  const progress = new Progress(quiet, io.err)
  const { log, state } = host.installation
  const watch = new StillWatch(state, (words) => io.err.write(`\n${words}\n`))
  const ends = new Map<string, number>()
  for (;;) {
    check()
    const at = await buildProgress(host.installation, id)
    progress.show(
      `generation ${id} `,
      at.done,
      at.total,
      at.behind > 0 ? `, ${at.behind.toLocaleString('en')} behind` : '',
    )
    if (isCaughtUp(at)) break
    watch.look(await pending(log, state, id, ends))
    await new Promise((r) => setTimeout(r, LOOK_MS))
  }
  progress.end()
  const g = await generationNamed(host.installation, id)
  await markReady(host.installation, g, Date.now())
  return { seconds: progress.seconds }
}

const n = (x: number) => x.toLocaleString('en')

/** What a generation changes against the one that readers see: for people, or as one JSON document. */
export async function showDifferences(host: Host, id: number, io: Io, json = false): Promise<Difference[]> {
  const { generations } = host.installation
  const g = await generationNamed(host.installation, id)
  const old = generations.active.id
  const { differences, students } = await diffGenerations(await host.gold(), old, id)
  if (json) {
    io.out(`${JSON.stringify({ generation: id, against: old, whole: isWhole(g), differences, students })}\n`)
    return differences
  }
  const f = (x: number | null) => (x === null ? '-' : x.toFixed(4))
  io.out(`Generation ${id} against generation ${old}, per student and topic:\n`)
  io.out(
    table(
      ['', 'equal', 'changed', `only in ${old}`, `only in ${id}`, 'mean change', 'greatest'],
      differences.map((d) => [
        d.what,
        n(d.equal),
        n(d.changed),
        // A part lacks nearly everything of the whole; that says nothing.
        isWhole(g) ? n(d.onlyOld) : '-',
        n(d.onlyNew),
        f(d.meanChange),
        f(d.maxChange),
      ]),
    ),
  )
  if (students.length > 0) {
    io.out('Students whose blended mastery changes most:\n')
    io.out(
      table(
        ['student', 'topics', 'change'],
        students.map((s) => [s.student_id, String(s.topics), f(s.change)]),
      ),
    )
  }
  if (!isWhole(g)) io.out('It holds a part only, so readers can look at it and not switch to it.\n')
  return differences
}
