import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Pipeline } from '@mastery/cli/src/pipeline.ts'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { openInstallation } from '@mastery/infra/runtime/installation.ts'
import { repairParts } from '@mastery/jobs/src/rebuild/parts.ts'
import { reconcile } from '@mastery/jobs/src/reconcile/run.ts'
import { fileStore } from '@mastery/jobs/src/reconcile/store.ts'
import { figure, Stopwatch } from './measure.ts'
import type { Case } from './scenario.ts'

const MAIN = resolve(import.meta.dirname, '../../services/cli/src/main.ts')
/** The aim: a million events in a minute. */
const GOAL = 1_000_000 / 60

/**
 * A whole reconcile of a simulated school, nothing of it differing. Another process fills the folder, so that memory is
 * that of the reconcile, of idle stages and of the engine.
 */
function school(events: number): Case {
  return async ({ quick, note }) => {
    const size = quick ? Math.ceil(events / 20) : events
    const students = Math.ceil(size / 200)
    const dir = mkdtempSync(join(tmpdir(), 'mastery-bench-'))
    try {
      note(`simulating ${size.toLocaleString('en')} events of ${students.toLocaleString('en')} students`)
      const shape = ['--students', String(students), '--events', String(size), '--seed', '7']
      await promisify(execFile)(process.execPath, [MAIN, 'simulate', ...shape, '--data', dir], { maxBuffer: 2 ** 26 })
      const profile = loadProfile({ MASTERY_PROFILE: 'embedded' }, { data: dir })
      const installation = await openInstallation(profile, new ConsoleTelemetry('bench', true))
      const gold = await installation.openGold()
      const pipeline = new Pipeline(installation, gold)
      try {
        await pipeline.start()
        const parts = repairParts(installation, gold, { check: () => pipeline.check() })
        note('reconciling')
        const watch = new Stopwatch()
        watch.start()
        const report = await reconcile(parts, { heal: true, store: fileStore(join(dir, 'run.json')) })
        const lap = await watch.stop()
        if (report.status !== 'clean')
          throw new Error(
            `${report.mismatches} mismatches, ${report.missing} missing, ${report.extra} extra: a rate over wrong rows would mean nothing.`,
          )
        const about = {
          scenario: 'reconcile',
          what: `${students.toLocaleString('en')} students, gold, states and SQL`,
          records: report.events,
          goal: GOAL,
        }
        const found = figure(about, lap, { compared: report.compared, oracle_rows: report.oracle.rows })
        found.peak_rss_mib = report.peak_rss_mb
        return [found]
      } finally {
        await pipeline.stop()
        await gold.close()
        await installation.close()
      }
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

export const cases = { small: school(200_000), large: school(1_000_000) }
