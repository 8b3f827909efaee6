import { randomUUID } from 'node:crypto'
import { describe } from 'vitest'
import { jobKills } from '../../runtime/testing/job-kills.ts'

const url = process.env['MASTERY_TEST_REDIS']
const run = randomUUID().slice(0, 8)

describe.skipIf(!url)(url ? 'killed BullMQ jobs' : 'killed BullMQ jobs, not run: no Redis', () => {
  jobKills('BullMQ', { place: (_dir, n) => `${url}#test-${run}-kill${n}-`, shared: true })
})
