import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Column } from '@mastery/infra/provision/gold/table.ts'
import { ATTENTION, ATTENTION_COLUMNS } from './attention-table.ts'
import { EXPORT_TABLES } from './catalog.ts'
import { JOINS } from './joins.ts'
import { plainType } from './table.ts'

export const PAGE = join(resolve(import.meta.dirname, '../../../..'), 'docs/exports.md')

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** A type in the words of those who read Parquet. */
export function typeInWords(type: string): string {
  const plain = plainType(type)
  const nullable = /^Nullable\((.*)\)$/.exec(plain)
  if (nullable) return `${typeInWords(nullable[1]!)}, may be null`
  const list = /^Array\((.*)\)$/.exec(plain)
  if (list) return `list of ${typeInWords(list[1]!)}`
  if (plain.startsWith('DateTime64')) return 'timestamp (ms, UTC)'
  return { String: 'text', Bool: 'boolean' }[plain] ?? plain.toLowerCase()
}

function section(name: string, about: string, columns: readonly Column[]): string {
  const rows = columns.map(([column, type, what]) => `| \`${column}\` | ${typeInWords(type)} | ${cell(what)} |`)
  return `### ${name}\n\n${about}\n\n| column | type | what it holds |\n|---|---|---|\n${rows.join('\n')}\n`
}

/** The page as it should be. */
export function exportsPage(): string {
  const tables = [
    ...EXPORT_TABLES.map((t) => section(t.name, t.about, t.columns({ models: ['MODEL'] }))),
    section(ATTENTION.name, ATTENTION.about, ATTENTION_COLUMNS),
  ]
  const joins = JOINS.map((j) => `| \`${j.left}\` | \`${j.right}\` | ${j.on} |`)
  return `<!-- Made by \`npx node services/jobs/src/exports/page.ts\`. Do not edit. -->

# Exports

Tables for analysts, as Parquet files that pandas, Polars, DuckDB, Spark and R read.

\`\`\`
npx mastery export --tables all --out exported
npx mastery export --tables student_state,student_topic_mastery --out exported
npx mastery export --tables next_correct_predictions --from 2026-09-01 --to 2026-10-01 --out september
npx mastery validate-join exported
\`\`\`

One export is one organisation (\`--tenant\`), one generation, and what gold had when it began: \`manifest.json\` names the
offsets (\`offsets\`), and for every file the rows, the columns with what they hold, the bytes and a SHA-256. Rows about
answers stand before these offsets. Tables of what is current (mastery, items) are as they were when they were read; where
\`offsets_after\` differs from \`offsets\`, events were stored meanwhile and those tables may know of them. Nothing is left
half written: all files are made under other names first, and the manifest is placed last. What an earlier export left in
the folder is replaced.

Students are pseudonyms. The files are copies that only their owner can read (mode 600): an erasure does not reach them.
Delete exports that are older than the erasure, and export again. Every export stands in the access log.

What is not there says why, in the manifest's \`left_out\` and on the terminal: \`sakt_attention\` needs a trained version of
sakt (\`npx mastery train --models sakt\`), the report of behaviour three students with 20 answers. \`item_health\`,
\`item_drift\` and \`item_params\` are those of the newest \`npx mastery items health\`, and empty before the first.
\`behavior_slices.md\` is the report of \`npx mastery behaviour\` (docs/items.md).

## What sakt looked at

A prediction by SAKT is made from the answers before it, each weighted by how much the question attends to it.
\`sakt_attention\` asks one trained version (\`--sakt VERSION\`, else the newest; it need not be in force) about the newest
\`--predictions\` answers of every student (20) and keeps the \`--looks\` greatest weights of each (10). \`weight\` is the mean
over the network's heads. A head may also look at nothing: \`looked\` is what went to past answers in all. The window is the
version's own; answers of one instant were given together and do not see each other. Weights say what the prediction was
made of, not what caused the answer. Items and topics that the version has never seen are left out, and so are a student's
first answers.

## Whether the tables belong together

\`npx mastery validate-join DIR\` compares every file with its checksum, joins the tables, prints for every join which share of
the left table's rows finds its key, the keys that most rows lack, and the joined rows of ten students (\`--students\`,
\`--seed\`) to be looked at. A join that covers less than 80 % (\`--least\`) ends with code 1.

| table | is joined to | by |
|---|---|---|
${joins.join('\n')}

Answers without an item are not joined to items, and \`item_params\` is joined where a version in force knows items. With
\`--from\`, past answers in \`sakt_attention\` may lie before the predictions that were exported; they are not joined then.

## Columns

${tables.join('\n')}`.replace(/\n+$/, '\n')
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const wanted = exportsPage()
  if (!existsSync(PAGE) || readFileSync(PAGE, 'utf8') !== wanted) writeFileSync(PAGE, wanted)
}
