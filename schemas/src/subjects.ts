import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const AVRO = join(import.meta.dirname, '..', 'avro')

export interface SchemaVersion {
  version: number
  /** The schema's text, as committed. */
  text: string
}

/** All versions of a subject, oldest first. */
export function schemaVersions(subject: string): SchemaVersion[] {
  return readdirSync(join(AVRO, subject))
    .flatMap((f) => {
      const m = /^v(\d+)\.avsc$/.exec(f)
      return m ? [Number(m[1])] : []
    })
    .sort((a, b) => a - b)
    .map((version) => ({ version, text: readFileSync(join(AVRO, subject, `v${version}.avsc`), 'utf8') }))
}

export function subjects(): string[] {
  return readdirSync(AVRO).sort()
}

/** The subject's name in the registry: the full name of its record, so that one topic may hold several. */
export function registryName(text: string): string {
  const schema = JSON.parse(text) as { name: string; namespace: string }
  return `${schema.namespace}.${schema.name}`
}
