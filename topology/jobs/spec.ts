import {
  type JobDefinition,
  type JobFailure,
  JobRefused,
  type JobSpec,
  type Json,
  type Schedule,
} from '../ports/job-queue.ts'
import { parseCron } from './cron.ts'

export const DEFAULT_ATTEMPTS = 3
export const DEFAULT_BACKOFF_MS = 1_000
const MAX_BACKOFF_MS = 3_600_000
const MAX_PAYLOAD_BYTES = 16_384
/** How long an idempotency key is remembered after its job was done, milliseconds. */
export const LEDGER_DAYS = 90

const NAME = /^[a-z][a-z0-9-]{0,62}$/
const ID = /^[A-Za-z0-9._-]{1,120}$/
const PSEUDONYM = /^[0-9a-f]{32}$/
/** Keys that hold a person's own data wherever they stand. */
const PERSONAL =
  /^(e?mail(_?address)?|(first|last|given|family|full|user|display)_?name|phone|address|birth_?(date|day)|password|secret|token|api_?key)$/i
const STUDENT = /^(student|learner|pupil|user|guardian|teacher)s?(_?ids?)?$/i
const MAIL = /[^\s@]+@[^\s@]+\.[a-z]{2,}/i

/** Where in the payload something personal seems to stand, null for nowhere. */
function personal(value: Json, path: string, key: string): string | null {
  if (typeof value === 'string') {
    if (MAIL.test(value)) return `${path} holds what looks like a mail address`
    if (STUDENT.test(key) && !PSEUDONYM.test(value)) return `${path} is not a pseudonym of 32 hexadecimal digits`
    return null
  }
  if (typeof value === 'number' && STUDENT.test(key)) {
    // A count of students is no student.
    return /ids?$/i.test(key) ? `${path} is not a pseudonym of 32 hexadecimal digits` : null
  }
  if (Array.isArray(value)) {
    for (const [i, v] of value.entries()) {
      const found = personal(v as Json, `${path}[${i}]`, key)
      if (found) return found
    }
    return null
  }
  if (value !== null && typeof value === 'object')
    for (const [k, v] of Object.entries(value as Record<string, Json>)) {
      if (PERSONAL.test(k) && v !== null) return `${path}.${k} is personal or secret by its name`
      const found = personal(v, `${path}.${k}`, k)
      if (found) return found
    }
  return null
}

/** The payload as it will be read back. @throws JobRefused where it is no JSON, too large, or holds personal data */
function checkedPayload(name: string, payload: Json): Json {
  let text: string | undefined
  try {
    text = JSON.stringify(payload)
  } catch (e) {
    throw new JobRefused(`The payload of ${name} is no JSON: ${(e as Error).message}.`, { cause: e })
  }
  if (text === undefined) throw new JobRefused(`The payload of ${name} is no JSON.`)
  if (Buffer.byteLength(text) > MAX_PAYLOAD_BYTES)
    throw new JobRefused(
      `The payload of ${name} has ${Buffer.byteLength(text)} bytes; ${MAX_PAYLOAD_BYTES} are the most. Pass the place of the data instead.`,
    )
  const copy = JSON.parse(text) as Json
  const found = personal(copy, 'payload', '')
  if (found) throw new JobRefused(`The payload of ${name} must carry pseudonyms and relations only: ${found}.`)
  return copy
}

/** @throws JobRefused */
function checkedName(name: string): string {
  if (!NAME.test(name)) throw new JobRefused(`"${name}" is no job name: lower-case letters, digits and -, 63 at most.`)
  return name
}

export interface CheckedSpec {
  name: string
  payload: Json
  /** `<name>/<id>` */
  id: string
  idempotencyKey: string
  attempts: number
  backoffMs: number
  notBefore: number
}

/** The jobs that an installation knows, by name. */
export type JobDefinitions = ReadonlyMap<string, JobDefinition>

/** @throws JobRefused where two jobs have one name, or a name can't be one */
export function definitionsOf(jobs: readonly JobDefinition[]): JobDefinitions {
  const map = new Map<string, JobDefinition>()
  for (const job of jobs) {
    if (map.has(checkedName(job.name))) throw new JobRefused(`Two jobs are called ${job.name}.`)
    map.set(job.name, job)
  }
  return map
}

function definitionOf(jobs: JobDefinitions, name: string): JobDefinition {
  const job = jobs.get(name)
  if (!job) throw new JobRefused(`There is no job "${name}"; there is ${[...jobs.keys()].sort().join(', ') || 'none'}.`)
  return job
}

/** The payload, checked by the job that takes it too. @throws JobRefused */
function accepted(job: JobDefinition, payload: Json): Json {
  const checked = checkedPayload(job.name, payload)
  try {
    job.parse(checked)
  } catch (e) {
    throw new JobRefused(`The payload of ${job.name} is wrong: ${(e as Error).message}`, { cause: e })
  }
  return checked
}

/** @throws JobRefused that says what is wrong */
export function checkedSpec(spec: JobSpec, jobs: JobDefinitions, freshId: () => string): CheckedSpec {
  const job = definitionOf(jobs, spec.name)
  const { name } = job
  const own = spec.id ?? freshId()
  if (!ID.test(own)) throw new JobRefused(`"${own}" is no job id: letters, digits, ".", "_" and "-", 120 at most.`)
  for (const [what, value, least] of [
    ['attempts', spec.attempts, 1],
    ['backoffMs', spec.backoffMs, 0],
    ['notBefore', spec.notBefore, 0],
  ] as const)
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= least))
      throw new JobRefused(`${what} of ${name} is ${value}; it must be a whole number of ${least} or more.`)
  const key = spec.idempotencyKey ?? `${name}/${own}`
  if (key.length === 0 || key.length > 200 || MAIL.test(key))
    throw new JobRefused(`The idempotency key of ${name} must have 1 to 200 characters and name nobody.`)
  return {
    name,
    payload: accepted(job, spec.payload),
    id: `${name}/${own}`,
    idempotencyKey: key,
    attempts: spec.attempts ?? job.attempts ?? DEFAULT_ATTEMPTS,
    backoffMs: spec.backoffMs ?? job.backoffMs ?? DEFAULT_BACKOFF_MS,
    notBefore: spec.notBefore ?? 0,
  }
}

/** @throws JobRefused where the job that has the key is another one than this could be */
export function refuseOtherName(spec: Pick<CheckedSpec, 'name' | 'idempotencyKey'>, jobId: string): void {
  if (!jobId.startsWith(`${spec.name}/`))
    throw new JobRefused(`The idempotency key "${spec.idempotencyKey}" of ${spec.name} belongs to ${jobId}.`)
}

/** @throws JobRefused, with all mistakes of all schedules */
export function checkedSchedules(schedules: readonly Schedule[], jobs: JobDefinitions): readonly Schedule[] {
  const wrong: string[] = []
  const seen = new Set<string>()
  for (const s of schedules) {
    const attempt = (work: () => void) => {
      try {
        work()
      } catch (e) {
        wrong.push(`${s.id}: ${(e as Error).message}`)
      }
    }
    if (!NAME.test(s.id)) wrong.push(`"${s.id}" is no schedule id: lower-case letters, digits and -`)
    if (seen.has(s.id)) wrong.push(`${s.id}: there are two schedules of this id`)
    seen.add(s.id)
    attempt(() => accepted(definitionOf(jobs, s.name), s.payload))
    attempt(() => parseCron(s.cron, s.timeZone))
    if (s.attempts !== undefined && !(Number.isSafeInteger(s.attempts) && s.attempts >= 1))
      wrong.push(`${s.id}: attempts is ${s.attempts}; it must be a whole number of 1 or more`)
  }
  if (wrong.length > 0) throw new JobRefused(`The schedules are wrong. ${wrong.join('; ')}`)
  return schedules
}

/** Wait before the next run after `failures` failures: backoffMs, then twice as long each time, an hour at most. */
export function backoff(backoffMs: number, failures: number): number {
  let wait = backoffMs
  for (let i = 1; i < failures && wait < MAX_BACKOFF_MS; i++) wait *= 2
  return Math.min(wait, MAX_BACKOFF_MS)
}

/** An error with its causes, as it is kept with a dead job. */
export function failureOf(error: unknown): JobFailure {
  const parts: string[] = []
  let e: unknown = error
  for (let depth = 0; e !== undefined && e !== null && depth < 6; depth++) {
    parts.push(e instanceof Error ? e.message : String(e))
    e = e instanceof Error ? e.cause : null
  }
  return {
    name: error instanceof Error ? error.name : 'Error',
    message: parts.join(', caused by: ').slice(0, 4_000),
  }
}
