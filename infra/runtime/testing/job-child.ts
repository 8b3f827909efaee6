/**
 * A process that runs one job, for tests that kill it: job-child.ts QUEUE LOG, where QUEUE is the folder of an embedded
 * queue or the URL of a Redis with the key prefix after a #. What happens is appended to LOG, a line each.
 */
import { appendFileSync, existsSync } from 'node:fs'
import type { JobHandler, JobQueue } from '@mastery/topology/ports/job-queue.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'

const [place = '', log = ''] = process.argv.slice(2)
const who = process.env['WHO'] ?? '?'
const say = (line: string) => appendFileSync(log, `${line}\n`)

const handler: JobHandler = {
  name: 'copy',
  about: 'for tests',
  exclusive: true,
  backoffMs: 50,
  parse: (p) => p,
  async run(_payload, { attempt, checkpoint, once, save }) {
    say(`start ${who} attempt ${attempt} checkpoint ${JSON.stringify(checkpoint)}`)
    await once('effect', async () => {
      say('effect')
      return 1
    })
    if (checkpoint === null) {
      await save({ half: true })
      say(`half ${who}`)
      // Deaf to its signal, as a stopped process is.
      while (!existsSync(`${log}.go`)) await new Promise((r) => setTimeout(r, 20))
    }
    say(`end ${who}`)
    return who
  },
}

async function open(): Promise<JobQueue> {
  if (place.startsWith('redis')) {
    const [url = '', keyPrefix = ''] = place.split('#')
    const { openBullJobs } = await import('../../adapters/bullmq/jobs.ts')
    return openBullJobs({ url, keyPrefix, lockMs: 1_000 }, [handler])
  }
  const { Environment } = await import('../../adapters/embedded/environment.ts')
  const { EmbeddedJobs } = await import('../../adapters/embedded/jobs.ts')
  return new EmbeddedJobs(new Environment(place), [handler])
}

const queue = await open()
const { id } = await queue.add({ name: 'copy', payload: null, id: 'one' })
const worker = await queue.work([handler], { telemetry: SILENT, concurrency: 1 })
process.once('SIGTERM', () => void worker.stop(100).then(() => process.exit(0)))
for (let said = ''; ; await new Promise((r) => setTimeout(r, 30))) {
  const job = await queue.get(id)
  const now = `${job?.state} result ${JSON.stringify(job?.result)} deliveries ${job?.deliveries} failures ${job?.failures}`
  if (now !== said && job?.state === 'completed') say(now)
  said = now
}
