import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pipeline } from '@mastery/cli/src/pipeline.ts'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import { openInstallation } from '@mastery/infra/runtime/installation.ts'
import { encoded, everyEventInGold, send } from './feed.ts'
import { figure, Stopwatch } from './measure.ts'
import type { Case } from './scenario.ts'
import { SHAPES, type Shape, sized } from './school.ts'

const CEILING = {
  value: 82_000,
  what: 'every event its own feature row, distinct keys, log, encode and Redis commit; without models and gold',
}

/** Log, features, scoring and gold in this process: from the first append until gold has the last row. */
function embedded(shape: Shape): Case {
  return async ({ quick, note }) => {
    const size = sized(shape, quick)
    const dir = mkdtempSync(join(tmpdir(), 'mastery-bench-'))
    const profile = loadProfile({ MASTERY_PROFILE: 'embedded' }, { data: dir })
    const installation = await openInstallation(profile, new ConsoleTelemetry('bench', true))
    const gold = await installation.openGold()
    const pipeline = new Pipeline(installation, gold)
    try {
      note(`generating ${size.events.toLocaleString('en')} events of ${size.students.toLocaleString('en')} students`)
      const { appends, events } = encoded(installation, size)
      await pipeline.start()
      note('sending, and waiting for gold')
      const watch = new Stopwatch()
      watch.start()
      await send(installation, appends, () => pipeline.check())
      await drain(
        installation.log,
        installation.state,
        profile.generation,
        () => {},
        () => pipeline.check(),
      )
      const lap = await watch.stop()
      await everyEventInGold(gold, events)
      const what = `${size.students.toLocaleString('en')} students x ${Math.round(events / size.students).toLocaleString('en')}, into gold`
      return [figure({ scenario: 'embedded', what, records: events, ceiling: CEILING, goal: 30_000 }, lap)]
    } finally {
      await pipeline.stop()
      await gold.close()
      await installation.close()
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

export const cases = { wide: embedded(SHAPES.wide), demo: embedded(SHAPES.demo) }
