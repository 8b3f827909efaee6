import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { durationText } from '@mastery/topology/alerts/durations.ts'
import type { Field } from '@mastery/topology/alerts/field.ts'
import { BREAK_FIELDS, COMMON_FIELDS, FILE_FIELDS, OVERRIDE_FIELDS } from '@mastery/topology/alerts/fields.ts'
import { KIND_FIELDS } from '@mastery/topology/alerts/kind-fields.ts'
import { KINDS } from '@mastery/topology/alerts/policy.ts'
import { wanted } from '@mastery/topology/alerts/read-fields.ts'
import {
  COMMAND_FIELDS,
  EXPECT_FIELDS,
  LOOK_FIELDS,
  METRIC_FIELDS,
  SERIES_FIELDS,
  STANDS_FIELDS,
  TEST_FIELDS,
  TOLD_FIELDS,
} from '@mastery/topology/alerts/table-fields.ts'
import { OWNER_FIELDS, PEOPLE_FIELDS, WATCH_FIELDS } from '@mastery/topology/alerts/watch-fields.ts'
import { WATCH_KINDS } from '@mastery/topology/alerts/watch-rule.ts'

export const PAGE = join(resolve(import.meta.dirname, '../..'), 'docs/alerts.md')
const BEGIN = '<!-- reference: written by "npx node infra/config/alert-reference.ts" -->'
const END = '<!-- end of reference -->'

function usual({ usual: v, type }: Field): string {
  if (v === undefined) return 'must be given'
  if (v === null) return '-'
  if (type.is === 'duration' || type.is === 'offset') return `\`${durationText(v as number)}\``
  if (type.is === 'date') return `\`${new Date(v as number).toISOString().slice(0, 10)}\``
  if (type.is === 'group') return 'as below'
  return Array.isArray(v) ? `\`[${v.join(', ')}]\`` : `\`${String(v)}\``
}

function rowsOf(fields: readonly Field[], prefix = ''): string[] {
  return fields.flatMap((f) => {
    const name = `${prefix}${f.name}`
    const what = f.type.is === 'group' ? 'fields' : wanted(f.type)
    const own = `| \`${name}\` | ${what} | ${usual(f)} | ${f.about} |`
    return f.type.is === 'group' ? [own, ...rowsOf(f.type.fields, `${name}.`)] : [own]
  })
}

const tableOf = (fields: readonly Field[]) =>
  `| field | is | without it | |\n|---|---|---|---|\n${rowsOf(fields).join('\n')}\n`

/** Every field of rules files and of their tests, as the reader takes them. */
export function reference(): string {
  const kinds = KINDS.map((k) => `### ${k}\n\n${KIND_FIELDS[k].about}\n\n${tableOf(KIND_FIELDS[k].fields)}`)
  const watches = WATCH_KINDS.map((k) => `### ${k}\n\n${WATCH_FIELDS[k].about}\n\n${tableOf(WATCH_FIELDS[k].fields)}`)
  return `## The file

${tableOf(FILE_FIELDS)}
\`rules\`: a list of rules. \`overrides\`: a list of what schools and grades have differently. \`breaks\`: a list of holidays. \`notifications\`: how people are told. \`people\`: who is told of what nobody teaches.

Fields of a break:

${tableOf(BREAK_FIELDS)}
Fields of an override, beside \`rules\`, which holds, by rule id, the fields that are different:

${tableOf(OVERRIDE_FIELDS)}
## Every rule about students

${tableOf(COMMON_FIELDS)}
## Kinds of rules about students

${kinds.join('\n')}
## Kinds of rules about the system itself

Each of these has all its fields here: of the fields of every rule above it has no others.

${watches.join('\n')}
### people

Who is told of what nobody teaches. Field of \`people\`, beside \`content_owners\`, a list of who answers for items:

${tableOf(PEOPLE_FIELDS)}
Fields of an entry of \`content_owners\`:

${tableOf(OWNER_FIELDS)}
## Tests of rules

A file of tests has \`rules\` (a file, seen from this one), \`prerequisites\` if wanted (by topic, a list of topics) and \`tests\`. Fields of a test, beside \`answers\`, \`metrics\`, \`looks\`, \`commands\` and \`expect\`:

${tableOf(TEST_FIELDS)}
Of a series of answers:

${tableOf(SERIES_FIELDS)}
Of a series of \`metrics\`, for rules about the system itself, of which the one operator is told:

${tableOf(METRIC_FIELDS)}
Of one of the \`looks\`:

${tableOf(LOOK_FIELDS)}
Of a command:

${tableOf(COMMAND_FIELDS)}
Of an expectation:

${tableOf(EXPECT_FIELDS)}
\`alerts\` lists every alert that stands then, but those that are over. What is not given is not looked at:

${tableOf(STANDS_FIELDS)}
\`told\` lists every notice since the expectation before:

${tableOf(TOLD_FIELDS)}`
}

/** The page with the reference in its place. */
export function pageWith(text: string): string {
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error(`docs/alerts.md lacks ${BEGIN} or ${END}.`)
  return `${before}${BEGIN}\n\n${reference().trimEnd()}\n\n${END}${after}`
}

if (import.meta.main) writeFileSync(PAGE, pageWith(readFileSync(PAGE, 'utf8')))
