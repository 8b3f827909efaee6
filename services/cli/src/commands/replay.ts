import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { tellWhatIsInForce } from '@mastery/infra/runtime/ops-rules.ts'
import { beginGeneration, GenerationError, partitionsWanted } from '@mastery/jobs/src/replay/begin.ts'
import { countSelected } from '@mastery/jobs/src/replay/count.ts'
import { type ExpiredSelected, expiredSelected } from '@mastery/jobs/src/replay/expired.ts'
import { switchGeneration } from '@mastery/jobs/src/replay/switch.ts'
import { versionPayload } from '@mastery/jobs/src/training/payload.ts'
import { isWhole } from '@mastery/topology/generations/generation.ts'
import { showDifferences, waitUntilBuilt } from '../build-progress.ts'
import { type Command, type Host, UsageError } from '../command.ts'
import { pinnedModels, selectionOf } from '../selection.ts'
import { subjectOf } from '../subject.ts'
import { positive } from './simulate.ts'

async function wantedPartitions({ installation }: Host, said: string | undefined): Promise<number> {
  try {
    return await partitionsWanted(installation, said === undefined ? undefined : Number(said))
  } catch (e) {
    if (e instanceof GenerationError) throw new UsageError(`--partitions: ${e.message}`)
    throw e
  }
}

function expiredInWords({ students, events, refused }: ExpiredSelected): string {
  if (students === 0) return ''
  const whose = `Events of ${students.toLocaleString('en')} students have expired. `
  return refused === null
    ? `${whose}These begin from their checkpoints, which stand for ${events.toLocaleString('en')} events: current rows are those of the whole history, rows of the history before are not computed again. `
    : `${whose}The replay is refused. ${refused} `
}

export const replayCommand: Command = {
  name: 'replay',
  summary: 'compute history again, as a new generation beside live traffic',
  help: `npx mastery replay [--topic learning.events] [--from POINT] [--to POINT] [--students ID,ID] [--tenant ID]
                   [--model MODEL@VERSION[=FILE]] [--partitions N] [--rate N] [--reason TEXT] [--dry-run] [--switch] [--json]

Folds the log again into a generation of its own: own state, own topics, own rows in gold. What the log no longer has
comes from gold. Readers see the old generation until "npx mastery generations switch ID" (or --switch, which does it
once it has caught up); nobody is notified of anything. It goes on after a kill, from where it was:
"npx mastery generations wait ID" shows it again.

A POINT is an instant of the events (2026-09-01 or 2026-09-01T08:00:00Z), an offset for all partitions (1200) or offsets
by partition (0=1200,1=900). With any of --from, --to and --students the generation is for looking and comparing only.
--model computes with a version that was trained here (dkt@VERSION), or with parameters of a file (bkt@NAME=FILE), from
the first event on. --partitions gives the generation's own topics so many
partitions, a multiple of those of learning.events, so that more processes can share scoring and gold; without it they are
as many as readers see now. --rate: records a second and partition, for a replay
that leaves the machine to others. --dry-run counts and begins nothing.
--json prints one object: {"generation", "partitions", "records", "seconds"}; with --dry-run {"records", "events", "commands",
"students", "fromGold", "partitions", "expired": {"students", "events", "refused"}}.
Events that have expired can't be folded again: their students begin from their checkpoints, where the model versions
allow; else the replay is refused, and the reason said. --dry-run says which.`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: {
        topic: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        students: { type: 'string' },
        tenant: { type: 'string' },
        model: { type: 'string', multiple: true },
        partitions: { type: 'string' },
        rate: { type: 'string' },
        reason: { type: 'string' },
        'dry-run': { type: 'boolean' },
        switch: { type: 'boolean' },
        json: { type: 'boolean' },
      },
    })
    const topic = values.topic ?? 'learning.events'
    if (topic !== 'learning.events')
      throw new UsageError(
        topic === 'learning.rejects'
          ? 'Rejects are sent again with "npx mastery rejects replay".'
          : `${topic} is not a source: everything is computed from learning.events. Replay that, the others follow.`,
      )
    const { installation } = host
    const { log } = installation
    host.tenant(values.tenant)
    const students = values.students?.split(',').map((id) => subjectOf(host, id, values.tenant).student) ?? null
    const selection = selectionOf({ from: values.from, to: values.to, students }, await log.partitions(topic))
    if (values.switch && Object.values(selection).some((limit) => limit !== null))
      throw new UsageError('--switch needs the whole history: leave out --from, --to and --students.')
    const models = await pinnedModels(
      values.model ?? [],
      (file) => readFileSync(resolve(io.cwd, file)),
      async (model, version) => (await versionPayload(installation.artefacts, model, version)).payload,
    )
    const rate = values.rate === undefined ? null : positive('rate', values.rate, 0)
    await installation.generations.refresh()
    const source = await log.partitions(topic)
    const partitions = await wantedPartitions(host, values.partitions)
    const other = partitions === source ? '' : `, with ${partitions} partitions each (${topic} has ${source})`
    const expired = await expiredSelected(log, await host.gold(), selection, models)
    if (values['dry-run']) {
      const found = { ...(await countSelected(log, await host.gold(), selection)), partitions, expired }
      io.out(
        values.json
          ? `${JSON.stringify(found)}\n`
          : `${found.events.toLocaleString('en')} events and ${found.commands.toLocaleString('en')} commands of ${found.students.toLocaleString('en')} students would be folded again; ${found.records.toLocaleString('en')} records are read for it, ${found.fromGold.toLocaleString('en')} of them from gold because the log begins later. It would write to topics of its own${other}. ${expiredInWords(expired)}Nothing was begun.\n`,
      )
      return 0
    }
    if (expired.refused !== null) throw new UsageError(expiredInWords(expired).trim())
    if (expired.students > 0) io.err.write(`${expiredInWords(expired)}\n`)
    const limited = Object.values(selection).some((limit) => limit !== null)
    if (limited && (await countSelected(log, await host.gold(), selection)).events === 0)
      throw new UsageError('No event fits --from, --to and --students: nothing would be replayed. --dry-run counts.')
    const g = await beginGeneration(installation, {
      selection,
      models,
      partitions,
      rate,
      reason: values.reason ?? 'replay',
      now: Date.now(),
    })
    // The log of ops.metrics may have let go of what was once put in force.
    await tellWhatIsInForce(installation, Date.now())
    io.err.write(`Generation ${g.id} begins${other}. Readers see generation ${installation.generations.active.id}.\n`)
    const { seconds } = await waitUntilBuilt(host, g.id, io, values.json === true)
    const records = (await countSelected(log, await host.gold(), selection)).records
    if (values.json) io.out(`${JSON.stringify({ generation: g.id, partitions, records, seconds })}\n`)
    else {
      io.out(
        `Generation ${g.id} has caught up: ${records.toLocaleString('en')} records in ${seconds.toFixed(1)} s (${Math.round(records / seconds).toLocaleString('en')} a second).\n`,
      )
      await showDifferences(host, g.id, io)
    }
    if (values.switch) {
      await switchGeneration(installation, g.id, Date.now())
      io.err.write(`Readers see generation ${g.id} now.\n`)
    } else if (!values.json)
      io.out(
        `${isWhole(g) ? `"npx mastery generations switch ${g.id}" makes it the one that readers see; ` : ''}"npx mastery generations drop ${g.id}" deletes it.\n`,
      )
    return 0
  },
}
