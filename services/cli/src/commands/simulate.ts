import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { pseudonymiser } from '@mastery/infra/config/secrets.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import { writeWhole } from '@mastery/jobs/src/evaluate/write.ts'
import { type PlantedDrift, plantedDrift } from '@mastery/topology/school/planted.ts'
import { schoolRoster } from '@mastery/topology/school/roster.ts'
import { simulateSchool } from '@mastery/topology/school/school.ts'
import { type Command, UsageError } from '../command.ts'
import { Ingest } from '../ingest.ts'
import { modelMetrics } from '../metrics.ts'
import { Progress } from '../progress.ts'
import { declareTopics } from '../school-topics.ts'
import { modelTable } from '../tables.ts'

export function positive(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const n = Number(text)
  if (!Number.isSafeInteger(n) || n < 1)
    throw new UsageError(`--${name} must be a positive whole number, not "${text}".`)
  return n
}

function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of files) writeWhole(join(folder, name), text)
}

function planted(text: string | undefined): PlantedDrift[] {
  try {
    return text === undefined ? [] : text.split(',').map(plantedDrift)
  } catch (e) {
    throw new UsageError(`--drift: ${(e as Error).message}`)
  }
}

export const simulateCommand: Command = {
  name: 'simulate',
  summary: 'send a simulated school through the whole path',
  help: `npx mastery simulate [--students 200] [--events 20000] [--seed 1] [--from DATE] [--drift WHAT@DAY,...] [--roster DIR]
                     [--roster-only] [--tenant ID] [--json] [--profile NAME] [--data DIR]

Generates a school's year, the same for the same seed, sends it and waits until gold has it. --from: its first day,
1 September 2025 if it is left out. --drift plants changes that begin so many days later, separated by commas:
skill:-0.5@120 (all students know half a logit less), seconds:1.5@120 (answers take half as long again),
harder:fractions-q01:0.5@120, key:fractions-q01@120 (right answers count as wrong).
--roster writes the school's own roster (OneRoster 1.2, bulk) into a folder; "npx mastery roster import DIR" takes it.
--roster-only ends there, before anything is sent: so that the roster is in force when the first answers come.`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: {
        students: { type: 'string' },
        events: { type: 'string' },
        seed: { type: 'string' },
        roster: { type: 'string' },
        'roster-only': { type: 'boolean' },
        from: { type: 'string' },
        drift: { type: 'string' },
        tenant: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    const events = positive('events', values.events, 20_000)
    const tenant = host.tenant(values.tenant)
    const startAt = values.from === undefined ? null : Date.parse(values.from)
    if (Number.isNaN(startAt)) throw new UsageError(`--from is a day like 2024-09-01, not "${values.from}".`)
    const drift = planted(values.drift)
    if (values['roster-only'] && !values.roster)
      throw new UsageError('--roster-only needs --roster DIR, where it goes.')
    const gold = await host.gold()
    const seed = positive('seed', values.seed, 1)
    const school = simulateSchool({
      seed,
      students: positive('students', values.students, 200),
      events,
      tenant: tenant.id,
      pseudonym: pseudonymiser(tenant),
      drift,
      ...(startAt === null ? {} : { startAt }),
    })
    const drawn = { seed, events, ...(startAt === null ? {} : { startAt }) }
    if (values.roster) writeFiles(resolve(io.cwd, values.roster), schoolRoster(school, drawn))
    await declareTopics(gold, tenant.id, school)
    if (values['roster-only']) {
      io.out(`The roster of ${school.students.length} students is in ${values.roster}; nothing was sent.\n`)
      return 0
    }
    const check = await host.stages()
    const progress = new Progress(false, io.err)
    const ingest = new Ingest(host.installation, 'simulate')
    for (const r of school.records()) {
      if (r.type === 'tick') ingest.tick(r.at)
      else ingest.event(r.event)
      if (!ingest.full) continue
      await ingest.flush()
      check()
      progress.show('sending ', ingest.events, events)
    }
    await ingest.finish()
    await drain(
      host.installation.log,
      host.installation.state,
      host.installation.generations.active.id,
      (b) => progress.show('scoring ', events - Math.min(events, Math.max(...b.values())), events),
      check,
      (words) => io.err.write(`\n${words}\n`),
    )
    const seconds = progress.seconds
    progress.end()
    const models = await modelMetrics(gold, tenant.id, null)
    if (values.json) io.out(`${JSON.stringify({ sent: school.sent(), seconds, models })}\n`)
    else
      io.out(
        `Sent ${ingest.events.toLocaleString('en')} events of ${school.students.length} students in ${seconds.toFixed(1)} s.\n${modelTable(models)}`,
      )
    return 0
  },
}
