import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { besidePath, describeBeside } from '../../../testing/beside.ts'
import type { IntakeContext, IntakeOutcome } from '../outcome.ts'

const ROOT = besidePath('fixtures', '')

export const CONTEXT: IntakeContext = {
  tenant: 'school',
  pseudonym: (s) => `p-${s}`,
  receivedAt: Date.UTC(2026, 0, 1),
}

/** Tests over what other systems really send. */
export const describeWithFixtures = (title: string, folders: readonly string[], tests: () => void): void =>
  describeBeside('fixtures', title, folders, tests)

/** Every JSON document of a folder by file name; undefined where a file is no JSON. */
export function documents(folder: string): [file: string, json: unknown][] {
  return (readdirSync(ROOT + folder, { recursive: true }) as string[])
    .filter((f) => f.endsWith('.json'))
    .sort()
    .map((f) => [f, parsed(readFileSync(`${ROOT}${folder}/${f}`, 'utf8'))])
}

export function gzippedLines(file: string): string[] {
  return gunzipSync(readFileSync(ROOT + file))
    .toString('utf8')
    .split('\n')
    .filter((l) => l !== '')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** How an outcome is counted: its type, an event's kind and role, a reject's code. */
export function nameOf(o: IntakeOutcome): string {
  switch (o.type) {
    case 'event':
      return `${o.event.kind} ${o.event.role}`
    case 'reject':
      return `reject ${o.code}`
    case 'ignored':
      return `ignored ${o.reason}`
    case 'command':
      return `command ${o.command.kind}`
  }
}

export function tally(outcomes: readonly IntakeOutcome[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const o of outcomes) counts[nameOf(o)] = (counts[nameOf(o)] ?? 0) + 1
  return counts
}
