import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AWAITED_SERVICES } from '@mastery/topology/flow.ts'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { endOfPart, startPart } from './parts.ts'
import { pause, Rig } from './rig.ts'
import { says } from './waiting.ts'

/** Where each server keeps its data, on a file system of its own of so many MiB. */
const DISKS = { redis: 16, clickhouse: 256, kafka: 512 } as const

/** Why no small file system can be had here; null where it can. */
function whyNoDisk(): string | null {
  const place = mkdtempSync(join(tmpdir(), 'disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'pipe' })
    execFileSync('umount', [place], { stdio: 'pipe' })
    return null
  } catch (e) {
    return `no tmpfs can be mounted (${(e as Error).message.split('\n').at(-1) || 'not permitted'}); run as root`
  } finally {
    rmdirSync(place)
  }
}

const gated = process.env['MASTERY_TEST_KAFKA']
const why = gated ? whyNoDisk() : 'no local stack (MASTERY_TEST_KAFKA unset)'
const title = why === null ? 'a disk that is full' : `a disk that is full, not run: ${why}`
const place = (folder: string, part: string) => join(folder, '.local/stack', part)

describe.skipIf(why !== null)(title, { timeout: 300_000 }, () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await Rig.open(
      { redis: { rows: 1_500 }, clickhouse: { rows: 1_501 }, kafka: { rows: 1_502 } },
      {
        prepare(folder) {
          for (const [part, mib] of Object.entries(DISKS)) {
            mkdirSync(place(folder, part), { recursive: true })
            execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', place(folder, part)])
          }
        },
        cleanUp(folder) {
          for (const part of Object.keys(DISKS)) execFileSync('umount', ['-l', place(folder, part)])
        },
      },
    )
  }, 300_000)
  afterAll(() => rig?.close(), 180_000)

  /** Writes until nothing more fits. Gives back how to make room again. */
  function fill(part: keyof typeof DISKS): () => void {
    const file = join(place(rig.folder, part), 'filler')
    const out = openSync(file, 'w')
    const room = () => {
      closeSync(out)
      rmSync(file)
    }
    for (let size = 1024 * 1024; size >= 4096; )
      try {
        writeSync(out, Buffer.alloc(size, 1))
      } catch (e) {
        if ((e as NodeJS.ErrnoException).code !== 'ENOSPC') throw e
        size /= 4
      }
    return room
  }

  it.each(['redis', 'clickhouse'] as const)(
    'loses nothing and stores no half when the disk of %s is full',
    async (part) => {
      const fed = rig.feed(part, { appends: 12, pauseMs: 150 })
      await pause(300)
      const room = fill(part)
      await says(rig.services, part === 'redis' ? 'features' : 'gold', /No space left|NOT_ENOUGH_SPACE|ENOSPC|MISCONF/)
      await pause(2_000)
      room()
      await fed
      await rig.recovered(`the disk of ${part} full`, part)
    },
  )

  it('loses nothing when the disk of the broker is full and it stops', async () => {
    // Only what stages write meets the full disk: the events are there before.
    await rig.services.stop('SIGTERM')
    await rig.feed('kafka')
    const room = fill('kafka')
    for (const name of AWAITED_SERVICES) rig.services.launch(name)
    rig.services.supervise()
    await endOfPart(rig.folder, 'kafka')
    await pause(2_000)
    room()
    await startPart(rig.folder, 'kafka')
    await rig.recovered('the disk of the broker full, until it stopped', 'kafka')
  })
})
