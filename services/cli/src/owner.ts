import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Who has an embedded data folder open. Only one process may: the in-process engine refuses a second. */
export interface Owner {
  pid: number
  /** What it is doing, in words. */
  what: string
  /** Where it takes commands; null while it takes none. */
  url: string | null
  token: string
  /** Start of the process as the kernel counts, so that a recycled pid is not taken for it; null where unknown. */
  started: string | null
}

const file = (dir: string) => join(dir, 'owner.json')

function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

function alive(o: Owner): boolean {
  try {
    process.kill(o.pid, 0)
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'EPERM'
  }
  return o.started === null || startOf(o.pid) === o.started
}

/** The living owner of a folder, null where there is none. */
export function ownerOf(dir: string): Owner | null {
  try {
    const o = JSON.parse(readFileSync(file(dir), 'utf8')) as Owner
    return alive(o) ? o : null
  } catch {
    return null
  }
}

export class FolderBusy extends Error {
  override name = 'FolderBusy'
}

/** Takes the folder for this process. Throws FolderBusy where another one has it. */
export function takeFolder(dir: string, what: string): { owner: Owner; publish(url: string): void; release(): void } {
  try {
    mkdirSync(dir, { recursive: true })
  } catch (e) {
    throw new Error(`${dir} can't be the data folder: ${(e as Error).message}. Choose another one with --data.`, {
      cause: e,
    })
  }
  const owner: Owner = {
    pid: process.pid,
    what,
    url: null,
    token: randomBytes(24).toString('hex'),
    started: startOf(process.pid),
  }
  // Written whole beside it first: who reads half of an owner takes the folder for free.
  const draft = `${file(dir)}.${owner.pid}`
  const write = () => writeFileSync(draft, JSON.stringify(owner), { mode: 0o600 })
  for (let attempt = 0; ; attempt++) {
    try {
      write()
      linkSync(draft, file(dir))
      unlinkSync(draft)
      break
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 3) throw e
      const other = ownerOf(dir)
      if (other) {
        unlinkSync(draft)
        throw new FolderBusy(
          `${dir} is in use by process ${other.pid} (${other.what}). Wait until it is done, or choose another folder with --data.`,
        )
      }
      unlinkSync(file(dir))
    }
  }
  return {
    owner,
    publish(url) {
      owner.url = url
      write()
      renameSync(draft, file(dir))
    },
    release() {
      try {
        unlinkSync(file(dir))
      } catch {
        // Somebody removed it; nothing is left to release.
      }
    },
  }
}
