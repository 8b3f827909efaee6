import type { JobHandler } from '@mastery/topology/ports/job-queue.ts'
import { noPayload } from '../no-payload.ts'
import { type GamingParts, gamingInGold } from './gaming.ts'

type Done = { students: number; gaming_students: number; actions: number; gaming: number }

/** The nightly run. A run that was cut off leaves rows that the next one replaces. */
export function gamingJob(open: () => Promise<GamingParts>): JobHandler<null, Done> {
  return {
    name: 'gaming',
    about: 'Looks for the patterns of gaming a tutor in all students’ answers and requests for help.',
    exclusive: true,
    attempts: 3,
    backoffMs: 300_000,
    parse: noPayload(),
    async run(_, { signal, telemetry }) {
      const { totals } = await gamingInGold({ ...(await open()), signal }, {}, 0)
      const { students, gamingStudents, actions, gaming } = totals
      const done = { students, gaming_students: gamingStudents, actions, gaming }
      telemetry.info('gaming', done)
      return done
    },
  }
}
