import { parseArgs } from 'node:util'
import { buildProgress } from '@mastery/jobs/src/replay/progress.ts'
import { dropGeneration, generationNamed, switchGeneration } from '@mastery/jobs/src/replay/switch.ts'
import { type Generation, isRunning, isWhole, partitionsOf } from '@mastery/topology/generations/generation.ts'
import { showDifferences, waitUntilBuilt } from '../build-progress.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { table } from '../tables.ts'

async function list(host: Host, io: Io, json: boolean): Promise<void> {
  const { generations } = host.installation
  await generations.refresh()
  const source = await host.installation.log.partitions('learning.events')
  const rows = await Promise.all(
    generations
      .all()
      .filter(isRunning)
      .map(async (g) => ({
        ...g,
        partitions: partitionsOf(g, source),
        progress: await buildProgress(host.installation, g.id),
      })),
  )
  if (json) return io.out(`${JSON.stringify(rows)}\n`)
  const when = (g: Generation) => (g.createdAt === 0 ? '-' : new Date(g.createdAt).toISOString().slice(0, 16))
  io.out(
    table(
      ['generation', 'status', 'begun', 'of', 'partitions', 'records', 'left', 'why'],
      rows.map((g) => [
        String(g.id),
        g.status,
        when(g),
        isWhole(g) ? 'everything' : 'a part',
        String(g.partitions),
        g.progress.done.toLocaleString('en'),
        (g.progress.total - g.progress.done + g.progress.behind).toLocaleString('en'),
        g.reason,
      ]),
    ),
  )
}

export const generationsCommand: Command = {
  name: 'generations',
  summary: 'list, compare, switch and drop computations of the history',
  help: `npx mastery generations [list] [--json]
npx mastery generations wait ID      shows a generation being built until it has caught up
npx mastery generations diff ID      what it changes against the one that readers see
npx mastery generations switch ID    makes it the one that readers see; also back to an older one
npx mastery generations drop ID      deletes its state, its topics and its rows

"npx mastery replay" begins a generation. Those that are not dropped follow the log, so that a switch costs nothing.
--json, after list, wait and diff, prints one document.`,
  async run(host, args, io) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'boolean' } },
    })
    const [what = 'list', text] = positionals
    if (what === 'list') {
      await host.stages()
      await list(host, io, values.json === true)
      return 0
    }
    if (!['wait', 'diff', 'switch', 'drop'].includes(what))
      throw new UsageError(`generations knows list, wait, diff, switch and drop, not "${what}".`)
    const id = Number(text)
    if (text === undefined || !Number.isInteger(id)) throw new UsageError('Give the number of a generation.')
    const check = await host.stages()
    check()
    const { installation } = host
    await generationNamed(installation, id)
    if (what === 'wait') {
      await waitUntilBuilt(host, id, io, values.json === true)
      if (id !== installation.generations.active.id) await showDifferences(host, id, io, values.json)
      else io.out(values.json ? '{}\n' : `Generation ${id} is what readers see, and has caught up.\n`)
    } else if (what === 'diff') {
      if (id === installation.generations.active.id)
        throw new UsageError(`Generation ${id} is what readers see; name another one to compare with it.`)
      const { total, done, behind } = await buildProgress(installation, id)
      const left = total - done + behind
      if (left > 0)
        io.err.write(
          `Generation ${id} has ${left.toLocaleString('en')} records left; what they change is not in this comparison.\n`,
        )
      await showDifferences(host, id, io, values.json)
    } else if (what === 'switch') {
      const { from } = await switchGeneration(installation, id, Date.now())
      io.out(
        `Readers see generation ${id} now. Generation ${from.id} stays: "npx mastery generations switch ${from.id}" goes back.\n`,
      )
    } else {
      await dropGeneration(installation, await host.gold(), id, Date.now())
      io.out(`Generation ${id} is dropped: its state, its topics and its rows in gold are deleted.\n`)
    }
    return 0
  },
}
