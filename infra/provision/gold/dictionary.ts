import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ALERT_TABLES } from './alert-tables.ts'
import { ANSWER_TABLES } from './answer-tables.ts'
import { BEHAVIOUR_TABLES } from './behaviour-tables.ts'
import { DELIVERY_TABLES } from './delivery-tables.ts'
import { DRIFT_TABLES } from './drift-tables.ts'
import { ITEM_TABLES } from './item-tables.ts'
import { LOG_TABLES } from './log-tables.ts'
import { OPERATION_TABLES } from './operation-tables.ts'
import { OPS_TABLES } from './ops-tables.ts'
import { PROGRESS_TABLES } from './progress-tables.ts'
import { ROSTER_TABLES } from './roster-tables.ts'
import type { GoldTable } from './table.ts'
import { VIEWS } from './views.ts'

export const PAGE = join(resolve(import.meta.dirname, '../../..'), 'docs/data-dictionary.md')

interface AvroEnum {
  symbols?: string[]
  type?: unknown
  name?: string
  fields?: { name: string; type: AvroEnum }[]
}

/** What each disposition says; the test holds the names against the schema. */
export const DISPOSITIONS: Readonly<Record<string, string>> = {
  counted: 'an opportunity: it moved windows and models',
  context: 'no answer (a video, a session, an ungraded event); windows may count it, models do not',
  duplicate: 'it was there already; nothing changed',
  conflict: 'the id was there already with other content; the first stays, this one is a reject',
  view_paired: "another system's report of an answer whose evidence is there",
  view_unpaired: "another system's report of an answer; no evidence for it has come",
  outranked: "evidence for an opportunity that better evidence, the server's, stands for",
  superseded: 'it took its target back, and what that had moved was computed anew',
  corrected: 'it gave its target another value, or replaced worse evidence; scores were computed anew',
  voided: 'evidence that had been taken back before it came',
  pending: 'it corrects an event that has not come yet',
  too_old: 'it, or its target, lies before what the state reaches back to; the student waits for a rebuild',
  erased: 'it belongs to an erased student, or it erased one',
  readmitted: 'later events of an erased student count again',
  installed: 'a rebuilt state was put in the place of the old one',
  outdated: 'a rebuilt state that did not hold everything that had come since; it was not used',
  rebuild_wanted: 'a rebuild was asked for; the student waits for it',
  warmed: 'a state was prepared for model versions to come, or brought to those in force',
  ignored: 'a command that could not be carried out; a reject says why',
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function facts(t: GoldTable): string {
  const list = [
    `Identity: ${t.order.map((c) => `\`${c}\``).join(', ')}.`,
    t.version === null
      ? 'Of equal rows one stays.'
      : `Of two rows with one identity the greater \`${t.version}\` stays.`,
    t.month === null ? '' : `Monthly partitions by \`${t.month}\`.`,
    t.age === null ? 'Kept for good.' : `Retention by \`${t.age}\` (configs/retention.json).`,
  ]
  return list.filter((x) => x !== '').join(' ')
}

function tableSection(t: GoldTable): string {
  const rows = t.columns.map(([name, type, about]) => `| \`${name}\` | \`${cell(type)}\` | ${cell(about)} |`)
  if (t.stored) rows.push('| `stored_at` | `DateTime` | When the row was stored here; `SELECT *` leaves it out. |')
  return `### ${t.name}\n\n${t.about}\n\n${facts(t)}\n\n| column | type | what it holds |\n|---|---|---|\n${rows.join('\n')}\n`
}

/** The page as it should be. */
export function dictionary(): string {
  const views = VIEWS.map((v) => `| \`${v.name}\` | ${cell(v.about)} |`).join('\n')
  const dispositions = Object.entries(DISPOSITIONS).map(([name, about]) => `| \`${name}\` | ${cell(about)} |`)
  const part = (title: string, about: string, tables: readonly GoldTable[]) =>
    `## ${title}\n\n${about}\n\n${tables.map(tableSection).join('\n')}`
  return `<!-- Made by \`npx node infra/provision/gold/dictionary.ts\`. Do not edit. -->

# Data dictionary

What gold holds, in ClickHouse. Ask it with \`npx mastery sql "SELECT ..."\`; \`SELECT * FROM v_data_dictionary\` gives this
page as rows. Read the views: they leave out rows that were replaced and show the active generation only. Of a table
below them read \`FROM table FINAL\`, with a condition on \`generation\` where it has one. Times are UTC. Students are
pseudonyms throughout.

## Views

| view | what it shows |
|---|---|
${views}

## Dispositions

What became of an event or command, in \`event_dispositions.disposition\`:

| disposition | meaning |
|---|---|
${dispositions.join('\n')}

${part('The log', 'The records of learning.events, one table per kind.', LOG_TABLES)}
${part('Answers', 'What the stages made of them, per generation.', ANSWER_TABLES)}
${part('Progress', 'How students come along and what they are advised, written by jobs and by whoever recommends.', PROGRESS_TABLES)}
${part('Items', 'What is known of items, over all students.', ITEM_TABLES)}
${part('Behaviour', 'How students work with tutors.', BEHAVIOUR_TABLES)}
${part('Alerts', 'What was found that a person should know, and whether somebody was told.', ALERT_TABLES)}
${part('Deliveries', 'What people are told, how it fared, and what they find in their inbox.', DELIVERY_TABLES)}
${part('Rosters', 'Who teaches whom and who is whose guardian, by version of the roster. Names and titles are not here.', ROSTER_TABLES)}
${part('Drift', 'What the drift service found in its windows.', DRIFT_TABLES)}
${part('Operation', 'What was done to the data, by whom, and what was found.', OPERATION_TABLES)}
${part('Services', 'How services fare, and what is looked for in gold so that somebody is told.', OPS_TABLES)}`.replace(
    /\n+$/,
    '\n',
  )
}

/** Every symbol of an enumeration of an Avro schema. */
export function symbolsOf(schema: unknown, name: string): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const s = schema as AvroEnum
  if (s.name === name && Array.isArray(s.symbols)) return s.symbols
  return Object.values(schema).flatMap((part) => symbolsOf(part, name))
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const wanted = dictionary()
  const fresh = existsSync(PAGE) && readFileSync(PAGE, 'utf8') === wanted
  if (process.argv.includes('--check')) {
    if (!fresh) {
      console.error('docs/data-dictionary.md is not up to date: run "npx node infra/provision/gold/dictionary.ts".')
      process.exitCode = 1
    }
  } else if (!fresh) {
    mkdirSync(dirname(PAGE), { recursive: true })
    writeFileSync(PAGE, wanted)
  }
}
