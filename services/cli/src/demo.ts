import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { pseudonymiser } from '@mastery/infra/config/secrets.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import { openInstallation } from '@mastery/infra/runtime/installation.ts'
import { simulateSchool } from '@mastery/topology/school/school.ts'
import { prepareAlerts, toldInTheEnd } from './demo-alerts.ts'
import { demoDrift, driftInTheEnd } from './demo-drift.ts'
import { listening, type MailTo, mailLastWeek } from './demo-mail.ts'
import { reconcileCounts } from './demo-reconcile.ts'
import { compareWithTruth } from './demo-truth.ts'
import { Ingest } from './ingest.ts'
import { modelMetrics } from './metrics.ts'
import { Pipeline } from './pipeline.ts'
import { Progress } from './progress.ts'
import { declareTopics } from './school-topics.ts'

export interface DemoOptions {
  students: number
  events: number
  seed: number
  /** Folder to keep; null: a temporary one that is removed afterwards. */
  data: string | null
  quiet: boolean
  /** Where the mails of the school's last week are sent; null: nowhere. */
  mailTo: MailTo | null
}

/** Runs a simulated school through the whole embedded path and says what came out, beside the truth. */
export async function runDemo(options: DemoOptions) {
  if (options.mailTo) await listening(options.mailTo)
  const dir = options.data ?? mkdtempSync(join(tmpdir(), 'mastery-demo-'))
  const telemetry = new ConsoleTelemetry('demo', true)
  const profile = loadProfile({ ...process.env, MASTERY_PROFILE: 'embedded' }, { data: dir })
  const installation = await openInstallation(profile, telemetry)
  const gold = await installation.openGold()
  const pipeline = new Pipeline(installation, gold)
  const progress = new Progress(options.quiet)
  try {
    await pipeline.start()
    const tenant = installation.secrets.tenants[0]!
    const drift = demoDrift(options.students, options.events)
    const school = simulateSchool({
      drift: [drift],
      seed: options.seed,
      students: options.students,
      events: options.events,
      tenant: tenant.id,
      pseudonym: pseudonymiser(tenant),
    })
    await declareTopics(gold, tenant.id, school)
    const world = { installation, gold, tenant, check: () => pipeline.check() }
    await prepareAlerts(world, school, options)
    const started = performance.now()
    const ingest = new Ingest(installation, 'demo')
    for (const r of school.records()) {
      if (r.type === 'tick') ingest.tick(r.at)
      else ingest.event(r.event)
      if (!ingest.full) continue
      await ingest.flush()
      pipeline.check()
      progress.show('sending ', ingest.events, options.events)
      await new Promise((r) => setImmediate(r))
    }
    await ingest.finish()
    let first = -1
    await drain(
      installation.log,
      installation.state,
      installation.generations.active.id,
      (behind) => {
        const left = Math.max(...behind.values())
        if (first < 0) first = Math.max(1, left)
        progress.show('scoring ', first - left, first)
      },
      () => pipeline.check(),
    )
    const seconds = (performance.now() - started) / 1000
    progress.end()
    const sent = school.sent()
    const models = await modelMetrics(gold, tenant.id, null)
    const counts = await reconcileCounts(installation, gold, sent)
    const alerts = await toldInTheEnd(world)
    const drifted = await driftInTheEnd(gold, tenant.id, drift)
    const mailed = options.mailTo && (await mailLastWeek(world, options.mailTo))
    const truth = await compareWithTruth(installation, school)
    return {
      students: options.students,
      events: ingest.events,
      rejects: counts.gold['rejects']!,
      duplicates: counts.duplicates,
      seconds,
      events_per_second: ingest.events / seconds,
      models,
      ...truth.correlations,
      gold: counts.gold,
      reconciled: counts.mismatches.length === 0,
      mismatches: counts.mismatches,
      sent,
      example: truth.example,
      alerts,
      mailed,
      drift: drifted,
      data: options.data,
    }
  } finally {
    await pipeline.stop()
    await gold.close()
    await installation.close()
    if (options.data === null) rmSync(dir, { recursive: true, force: true })
  }
}

export type DemoSummary = Awaited<ReturnType<typeof runDemo>>
