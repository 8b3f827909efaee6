import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { SubjectName } from '@mastery/topology/topics.ts'

const ROOT = fileURLToPath(new URL('../../../schemas/fixtures/', import.meta.url))

export interface ValidFixture {
  subject: SubjectName
  name: string
  value: unknown
}

/** Bytes that no reader may choke on. `hex` follows the header of `subject`; without a subject it is the whole message. */
export interface PoisonFixture {
  name: string
  about: string
  subject: SubjectName | null
  code: string
  hex: string
}

/** Avro bytes stand in the files as {"base64": "..."}. */
function revive(_key: string, value: unknown): unknown {
  const base64 = (value as { base64?: unknown } | null)?.base64
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : value
}

const files = (folder: string) => readdirSync(ROOT + folder).sort()
const nameOf = (file: string) => file.replace(/\.json$/, '')

export function validFixtures(): ValidFixture[] {
  return files('valid').flatMap((subject) =>
    files(`valid/${subject}`).map((file) => ({
      subject: subject as SubjectName,
      name: nameOf(file),
      value: JSON.parse(readFileSync(`${ROOT}valid/${subject}/${file}`, 'utf8'), revive) as unknown,
    })),
  )
}

export function poisonFixtures(): PoisonFixture[] {
  return files('poison').map((file) => ({
    name: nameOf(file),
    ...(JSON.parse(readFileSync(`${ROOT}poison/${file}`, 'utf8')) as Omit<PoisonFixture, 'name'>),
  }))
}
