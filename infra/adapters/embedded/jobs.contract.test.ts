import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jobQueueContract } from '@mastery/topology/testing/job-queue-contract.ts'
import { afterAll } from 'vitest'
import { Environment } from './environment.ts'
import { EmbeddedJobs } from './jobs.ts'

const root = mkdtempSync(join(tmpdir(), 'mastery-jobs-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

jobQueueContract('embedded', async (place, jobs) => {
  const env = new Environment(join(root, place))
  const queue = new EmbeddedJobs(env, jobs)
  return {
    queue,
    async close() {
      await queue.close()
      await env.close()
    },
  }
})
