import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Pipeline } from '@mastery/cli/src/pipeline.ts'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import { openInstallation } from '@mastery/infra/runtime/installation.ts'
import { beginGeneration } from '@mastery/jobs/src/replay/begin.ts'
import { buildProgress, isCaughtUp } from '@mastery/jobs/src/replay/progress.ts'
import { EVERYTHING } from '@mastery/topology/generations/generation.ts'
import { encoded, send } from './feed.ts'
import { measureLive } from './live.ts'
import { type Figure, figure, type Lap, Stopwatch } from './measure.ts'
import type { Case } from './scenario.ts'
import { SHAPES, sized } from './school.ts'

const CEILING = {
  value: 82_000,
  what: 'every event its own feature row, distinct keys, log, encode and Redis commit; without models and gold',
}
/** Records a second and partition while live traffic runs. */
const RATE = 1_000

/** Fills a folder and, if asked, folds all of it again as generation 1. */
async function filled(
  dir: string,
  quick: boolean,
  note: (text: string) => void,
  replay: boolean,
): Promise<{ events: number; lap: Lap | null; key: string }> {
  const size = sized(SHAPES.wide, quick)
  const profile = loadProfile({ MASTERY_PROFILE: 'embedded' }, { data: dir })
  const installation = await openInstallation(profile, new ConsoleTelemetry('bench', true))
  const gold = await installation.openGold()
  const pipeline = new Pipeline(installation, gold)
  const { log, state } = installation
  const key = installation.createdApiKey!
  try {
    note(`generating and folding ${size.events.toLocaleString('en')} events`)
    const { appends, events } = encoded(installation, size)
    await pipeline.start()
    await send(installation, appends, () => pipeline.check())
    await drain(
      log,
      state,
      0,
      () => {},
      () => pipeline.check(),
    )
    if (!replay) return { events, lap: null, key }
    note('folding them again as a new generation')
    const watch = new Stopwatch()
    watch.start()
    const given = { selection: EVERYTHING, models: {}, rate: null, reason: 'bench', now: Date.now() }
    const { id } = await beginGeneration(installation, given)
    while (!isCaughtUp(await buildProgress(installation, id))) {
      pipeline.check()
      await new Promise((r) => setTimeout(r, 50))
    }
    return { events, lap: await watch.stop(), key }
  } finally {
    await pipeline.stop()
    await gold.close()
    await installation.close()
  }
}

async function inFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'mastery-bench-replay-'))
  try {
    return await work(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const alone: Case = ({ quick, note }) =>
  inFolder(async (dir): Promise<Figure[]> => {
    const { events: records, lap } = await filled(dir, quick, note, true)
    return [
      figure(
        {
          scenario: 'replay',
          what: 'embedded, until gold has the new generation',
          records,
          ceiling: CEILING,
          goal: 50_000,
        },
        lap!,
      ),
    ]
  })

/** Live traffic while the command line replays, in the same process. */
const beside: Case = ({ quick, note }) =>
  inFolder(async (dir) => {
    const { key } = await filled(dir, quick, note, false)
    const args = ['services/cli/src/main.ts', 'replay', '--rate', String(RATE), '--json', '--data', dir]
    const replay = () =>
      new Promise<void>((done, fail) => {
        const child = spawn(process.execPath, args, { cwd: resolve(import.meta.dirname, '../..'), stdio: 'ignore' })
        child.on('error', fail)
        child.on('exit', (code) => (code === 0 ? done() : fail(new Error(`the replay ended with ${code}`))))
      })
    const scenario = `live beside a replay of ${RATE} a second and partition`
    return measureLive({ scenario, seconds: quick ? 3 : 20, dir, note, key, beside: replay })
  })

export const cases = { alone, beside }
