import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { writeWhole } from '@mastery/jobs/src/evaluate/write.ts'
import { type Activated, activateVersion, rollBack } from '@mastery/jobs/src/training/activate.ts'
import { versionsInForce } from '@mastery/jobs/src/training/versions.ts'
import { isPolicyArtefact } from '@mastery/topology/alerts/policy.ts'
import { isRosterArtefact } from '@mastery/topology/roster/version.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { manifestTable, versionParts } from '../trained-models.ts'
import { compareModels } from './models-compare.ts'

async function list(host: Host, io: Io, model: string | undefined, json: boolean): Promise<void> {
  await host.stages()
  const damaged: string[] = []
  const kept = await host.installation.artefacts.list(model, (e) => damaged.push(e.message))
  // Rosters and policies are kept in the same store, and are no models.
  const manifests = kept.filter((m) => !isRosterArtefact(m.model) && !isPolicyArtefact(m.model))
  const inForce = await versionsInForce(versionParts(host))
  if (json)
    return io.out(
      `${JSON.stringify({ in_force: [...inForce.values()].map(({ parameters: _, ...v }) => v), versions: manifests, damaged })}\n`,
    )
  for (const d of damaged) io.err.write(`${d}\n`)
  for (const v of inForce.values())
    if (model === undefined || v.model === model)
      io.out(
        `${v.model}: ${v.version} is in force${v.partitions < v.of ? ` in ${v.partitions} of ${v.of} partitions` : ''}\n`,
      )
  const versions = new Map([...inForce].map(([id, v]) => [id, v.version]))
  io.out(
    manifests.length === 0
      ? `\nNothing has been trained${model === undefined ? '' : ` for ${model}`} yet; "npx mastery train --models bkt" does.\n`
      : `\n${manifestTable(manifests, versions)}`,
  )
}

const LATEST = 'latest'

async function latest(host: Host, model: string): Promise<string> {
  const [newest] = await host.installation.artefacts.list(model)
  if (!newest)
    throw new UsageError(`Nothing has been trained for ${model} yet; "npx mastery train --models ${model}" does.`)
  return newest.version
}

const done = ({ model, version, before }: Activated) =>
  `${model}: ${version} is in force, in the place of ${before}. Every score names its version; the view v_markers in gold has the offsets.\n`

export const modelsCommand: Command = {
  name: 'models',
  summary: 'list, show, compare and activate trained versions, and go back to former ones',
  help: `npx mastery models [list [MODEL]] [--json]
npx mastery models show MODEL VERSION                 the manifest: what it was trained on, and how good it was
npx mastery models card MODEL VERSION [--out FILE]    its model card in Markdown: task, data, figures, groups, limits
npx mastery models compare MODEL A B ... [--report FILE]   versions side by side, and what it comes to in words
npx mastery models activate MODEL VERSION [--anyway]  scores with it, from one offset of each partition on
npx mastery models rollback MODEL                     scores with the version before the present one again
The policy rapid-guesses (versions: "npx mastery behaviour thresholds") is activated in the same way, and taken out with
"npx mastery models activate rapid-guesses off".
VERSION may be "latest", the one that was trained last; to compare, "in-force" too. Versions of several models are compared
as MODEL/VERSION. The answers are those in gold of students from whom every one of the versions was kept; or those of a file,
--format FORMAT --test FILE, as of "npx mastery evaluate".

A version that is not clearly better than the one in force (95 % interval of the gain in log loss, paired, over students
that neither was fitted on) is activated with --anyway only. --json, after every one of them, prints one document.`,
  async run(host, args, io) {
    if (args[0] === 'compare') {
      await compareModels(host, args.slice(1), io)
      return 0
    }
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'boolean' }, anyway: { type: 'boolean' }, out: { type: 'string' } },
    })
    const [what = 'list', model, version, ...more] = positionals
    if (more.length > 0) throw new UsageError(`models ${what} does not take "${more.join(' ')}".`)
    if (what === 'list') {
      await list(host, io, model, values.json === true)
      return 0
    }
    if (!['show', 'card', 'activate', 'rollback'].includes(what))
      throw new UsageError(`models knows list, show, card, compare, activate and rollback, not "${what}".`)
    if (model === undefined) throw new UsageError(`Say which model: npx mastery models ${what} MODEL.`)
    if (what !== 'rollback' && version === undefined)
      throw new UsageError(`Say which version: "npx mastery models list ${model}" shows them.`)
    const chosen = version === LATEST ? await latest(host, model) : version
    if (what === 'show') {
      const { manifest } = await host.installation.artefacts.read(model, chosen!)
      io.out(`${JSON.stringify(manifest, null, values.json ? 0 : 2)}\n`)
      return 0
    }
    if (what === 'card') {
      const { cardOf } = await import('@mastery/jobs/src/training/card.ts')
      const card = await cardOf(host.installation.artefacts, model, chosen!)
      if (values.out) writeWhole(resolve(io.cwd, values.out), card)
      else io.out(card)
      return 0
    }
    const check = await host.stages()
    const parts = {
      ...versionParts(host),
      log: host.installation.log,
      codec: host.installation.codec,
      gold: await host.gold(),
      now: Date.now,
      check,
    }
    const activated =
      what === 'activate'
        ? await activateVersion(parts, model, chosen!, { anyway: values.anyway === true })
        : await rollBack(parts, model)
    io.out(values.json ? `${JSON.stringify(activated)}\n` : done(activated))
    return 0
  },
}
