import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Keeps the place of a long fit in one file. Whoever is killed while it is written finds the former place. */
export class FileCheckpoint {
  private readonly path: string

  private readonly mode: number

  /** `mode`: of the file, less the process's mask. */
  constructor(path: string, mode = 0o666) {
    this.path = path
    this.mode = mode
  }

  /** Null where nothing was kept. */
  async load(): Promise<Uint8Array | null> {
    return readFile(this.path).catch((e: NodeJS.ErrnoException) => {
      if (e.code === 'ENOENT') return null
      throw e
    })
  }

  async save(bytes: Uint8Array): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true })
    const beside = `${this.path}.${randomUUID()}.part`
    try {
      const file = await open(beside, 'wx', this.mode)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(beside, this.path)
    } catch (e) {
      await rm(beside, { force: true })
      throw e
    }
  }
}
