import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The servers of the local profile. */
export const PART_NAMES = ['kafka', 'redis', 'registry', 'clickhouse'] as const
export type PartName = (typeof PART_NAMES)[number]

/** Repository root: the default place of `.local/`. */
const REPOSITORY = resolve(fileURLToPath(new URL('../../', import.meta.url)))

/** Where everything lies. All of it is under a folder that git ignores. */
export type Layout = {
  /** Data, logs and process records of one stack. */
  stackDir: string
  /** Downloads, shared by every stack of this checkout; MASTERY_ARTIFACTS names another folder. */
  artifactsDir: string
  partDir(part: PartName): string
  logFile(part: PartName): string
}

/** @param root folder that holds `.local/`; the repository's when left out */
export function layoutOf(root: string = REPOSITORY): Layout {
  const stackDir = join(resolve(root), '.local', 'stack')
  return {
    stackDir,
    artifactsDir: resolve(process.env['MASTERY_ARTIFACTS'] || join(REPOSITORY, '.local', 'artifacts')),
    partDir: (part) => join(stackDir, part),
    logFile: (part) => join(stackDir, part, `${part}.log`),
  }
}

/** Reads a JSON file; null when there is none or a crash left half of one. */
export function readJson<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T
  } catch {
    return null
  }
}

/** Writes a JSON file so that a reader sees the old or the new one, never a part. */
export function writeJson(path: string, value: unknown): void {
  mkdirSync(resolve(path, '..'), { recursive: true })
  const next = `${path}.${process.pid}.next`
  writeFileSync(next, `${JSON.stringify(value, null, 2)}\n`)
  renameSync(next, path)
}
