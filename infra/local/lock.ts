import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readJson } from './layout.ts'
import { bornOf, isRunning, type ProcessIdentity } from './process.ts'
import type { Log } from './wait.ts'

const LIMIT_MS = 15 * 60_000

/**
 * Runs `work` while no other process changes the same stack. A lock whose owner is gone is taken over.
 * @throws Error when the owner holds it for fifteen minutes
 */
export async function withStackLock<T>(stackDir: string, log: Log, work: () => Promise<T>): Promise<T> {
  mkdirSync(stackDir, { recursive: true })
  const path = join(stackDir, 'lock.json')
  const start = performance.now()
  let told = false
  while (!take(path)) {
    const owner = readJson<ProcessIdentity>(path)
    if (owner !== null && !isRunning(owner)) {
      rmSync(path, { force: true })
      continue
    }
    if (performance.now() - start > LIMIT_MS)
      throw new Error(`process ${owner?.pid} holds ${path}: end it, or delete the file if it is not a stack command`)
    if (!told) log(`waiting for the stack command of process ${owner?.pid ?? '?'}`)
    told = true
    await sleep(200)
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

function take(path: string): boolean {
  // Linked in whole: a lock without its owner's name could never be taken over.
  const mine = `${path}.${process.pid}`
  writeFileSync(mine, JSON.stringify({ pid: process.pid, born: bornOf(process.pid) }))
  try {
    linkSync(mine, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(mine, { force: true })
  }
}
