import { join, resolve } from 'node:path'
import { checkedSchedules, type JobDefinitions } from '@mastery/topology/jobs/spec.ts'
import type { Json, Schedule } from '@mastery/topology/ports/job-queue.ts'
import { z } from 'zod'
import { ConfigError, jsonOf } from './profile.ts'

const FILE = join(resolve(import.meta.dirname, '../..'), 'configs/schedule.json')

const FileSchema = z.strictObject({
  schedules: z.array(
    z.strictObject({
      id: z.string().min(1),
      name: z.string().min(1),
      cron: z.string().min(1),
      timeZone: z.string().min(1),
      payload: z.json(),
      attempts: z.int().min(1).max(100).optional(),
    }),
  ),
})

/**
 * Reads the schedule of repeatable jobs.
 * @throws ConfigError with every mistake: shape, cron, time zone, payload, and names of jobs that do not exist
 */
export function loadSchedule(jobs: JobDefinitions, file = FILE): Schedule[] {
  const json = jsonOf(file)
  const parsed = FileSchema.safeParse(json)
  const issues = parsed.success ? [] : parsed.error.issues
  const wrong = issues.map((i) => `${i.path.join('.')}: ${i.message}`)
  const entries = (json as { schedules?: unknown } | null)?.schedules
  // What has the right shape is checked further, so that one start shows all mistakes.
  const shaped = (Array.isArray(entries) ? entries : []).filter(
    (_, i) => !issues.some((issue) => issue.path[1] === i || issue.path.length < 2),
  ) as (Omit<Schedule, 'payload'> & { payload: Json })[]
  try {
    checkedSchedules(shaped, jobs)
  } catch (e) {
    wrong.push((e as Error).message)
  }
  if (wrong.length > 0) throw new ConfigError(`${file}: ${wrong.join('; ')}`)
  return shaped
}
