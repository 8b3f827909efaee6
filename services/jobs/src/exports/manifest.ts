import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const MANIFEST = 'manifest.json'

/** What one export holds, beside its files. */
export interface ExportManifest {
  schema: 1
  /** UTC milliseconds. */
  made_at: number
  tenant: string
  generation: number
  /** Event time of rows about answers, UTC milliseconds, from inclusive, to exclusive; null: no limit. */
  from: number | null
  to: number | null
  /** Rows about events stand before these offsets, per partition of learning.events. */
  offsets: Record<string, number>
  /** What gold had when the export ended: where it differs, current tables know of events beyond `offsets`. */
  offsets_after: Record<string, number>
  files: ExportedFile[]
  /** What was asked for and is not there, with the reason. */
  left_out: { name: string; why: string }[]
}

export interface ExportedFile {
  /** Of the table or report. */
  name: string
  file: string
  about: string
  bytes: number
  sha256: string
  /** Null for a report. */
  rows: number | null
  columns: { name: string; type: string; about: string }[]
  /** What was told to make it. */
  settings: Record<string, string | number>
}

export class ExportError extends Error {
  override name = 'ExportError'
}

/** SHA-256 of a file, hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** @throws ExportError where the folder holds no export */
export function readManifest(dir: string): ExportManifest {
  let found: ExportManifest
  try {
    found = JSON.parse(readFileSync(join(dir, MANIFEST), 'utf8')) as ExportManifest
  } catch (e) {
    throw new ExportError(
      `${dir} is no export: ${(e as Error).message}. Make one with "npx mastery export --tables all --out ${dir}".`,
      { cause: e },
    )
  }
  if (found?.schema !== 1 || !Array.isArray(found.files))
    throw new ExportError(`${join(dir, MANIFEST)} is not of an export that this build reads. Export again.`)
  return found
}

/**
 * Reads every file and compares it with what the manifest says.
 * @throws ExportError that names the first that differs
 */
export async function checkFiles(dir: string, { files }: ExportManifest): Promise<void> {
  for (const { file, sha256 } of files) {
    const found = await sha256Of(join(dir, file)).catch((e: Error) => e)
    if (found instanceof Error)
      throw new ExportError(`${file} can't be read: ${found.message}. Export again.`, { cause: found })
    if (found !== sha256)
      throw new ExportError(`${file} is not what was exported: its checksum is another one. Export again.`)
  }
}
