import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

let made = 0

/**
 * Files through which the engine in this process reads rows in a binary format: what stands in a statement it takes for
 * text, and cuts off without an error. A file lives as long as its INSERT.
 */
export class RowFiles {
  private readonly folder: string

  /** Removes what a process that was killed left behind; only one process has the engine's folder open. */
  constructor(folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(folder))
      if (!name.startsWith(`${process.pid}-`)) rmSync(join(folder, name), { force: true })
  }

  async with(bytes: Buffer, use: (path: string) => Promise<void>): Promise<void> {
    const path = join(this.folder, `${process.pid}-${++made}.rows`)
    try {
      await writeFile(path, bytes, { mode: 0o600 })
      await use(path)
    } finally {
      await rm(path, { force: true })
    }
  }
}

/** Whether the engine would take the path for a pattern of several files. */
export function isPattern(path: string): boolean {
  return /[*?{}[\]]/.test(path)
}
