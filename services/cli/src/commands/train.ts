import { parseArgs } from 'node:util'
import { LEARNERS } from '@mastery/jobs/src/learners.ts'
import { trainFromGold } from '@mastery/jobs/src/training/train.ts'
import { versionsInForce } from '@mastery/jobs/src/training/versions.ts'
import { type Command, UsageError } from '../command.ts'
import { Progress } from '../progress.ts'
import { manifestTable, versionParts } from '../trained-models.ts'

export const trainCommand: Command = {
  name: 'train',
  summary: 'fit models on the answers in gold, measure them, and keep them as versions',
  help: `npx mastery train --models ${LEARNERS.map((l) => l.id).join(',')} [--from TIME] [--to TIME] [--seed N] [--json]

Reads every opportunity from gold, keeps one student in five aside, fits on the others and measures on those: AUC with
its interval over students, log loss, calibration error, and the paired gain over the version in force, where one is.
Each fit is kept as a version of its model ("npx mastery models list"), with what it was fitted on. Nothing is scored
differently until a version is activated. TIME: 2026-03-01 or 2026-03-01T12:00:00Z, event time. The same seed and answers
give the same version. --json prints the manifests.`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: {
        models: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    const learners = (values.models ?? '').split(',').flatMap((m) => m.trim() || [])
    if (learners.length === 0)
      throw new UsageError(`Say which: --models ${LEARNERS.map((l) => l.id).join(',')}, or some of them.`)
    const unknown = learners.filter((id) => !LEARNERS.some((l) => l.id === id))
    if (unknown.length > 0)
      throw new UsageError(
        `There is no model "${unknown.join('", "')}"; those that can be trained are ${LEARNERS.map((l) => l.id).join(', ')}.`,
      )
    const seed = Number(values.seed ?? 1)
    if (!Number.isInteger(seed) || seed < 0) throw new UsageError('--seed must be a whole number of 0 or more.')
    const from = timeOf('--from', values.from)
    const to = timeOf('--to', values.to)
    await host.stages()
    const parts = versionParts(host)
    const progress = new Progress(values.json, io.err)
    const manifests = await trainFromGold(
      {
        gold: await host.gold(),
        artefacts: parts.artefacts,
        generation: parts.generation,
        inForce: () => versionsInForce(parts),
        now: Date.now,
      },
      {
        learners,
        seed,
        folds: 5,
        draws: 1000,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        progress: (fraction, message) => progress.show(message, Math.round(fraction * 100), 100),
      },
    )
    progress.end()
    if (values.json) io.out(`${JSON.stringify(manifests)}\n`)
    else {
      const { answers, students, items, topics } = manifests[0]!.training
      const aside = Number(manifests[0]!.settings['held_out_students'])
      const n = (x: number) => x.toLocaleString('en')
      io.out(
        `${n(answers)} answers of ${n(students)} students, ${n(items)} items, ${n(topics)} topics; ${n(aside)} students kept aside for the measures; ${progress.seconds.toFixed(1)} s.\n\n${manifestTable(manifests)}\nMeasured on students that the fit did not see. "npx mastery models activate MODEL VERSION" puts one in force.\n`,
      )
    }
    return 0
  },
}

function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const at = Date.parse(text)
  if (Number.isNaN(at))
    throw new UsageError(`${option} is "${text}"; give a time like 2026-03-01 or 2026-03-01T12:00:00Z.`)
  return at
}
