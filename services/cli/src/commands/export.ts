import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { exportFiles, exportStudent } from '@mastery/api/src/privacy/export.ts'
import { sealer } from '@mastery/infra/config/reject-keys.ts'
import { EXPORT_NAMES } from '@mastery/jobs/src/exports/catalog.ts'
import { type Command, UsageError } from '../command.ts'
import { exportAnalystsTables } from '../export-tables.ts'
import { noteAccess, privacyOf, subjectOf } from '../subject.ts'
import { table } from '../tables.ts'

export const exportCommand: Command = {
  name: 'export',
  summary: 'tables for analysts as Parquet files; or everything that is held about one student',
  help: `npx mastery export --tables all|NAME,... --out DIR [--from T] [--to T] [--sakt VERSION] [--predictions 20] [--looks 10]
                    [--source elo] [--tenant T] [--json]
npx mastery export --student ID [--out DIR] [--tenant T] [--json] [--profile NAME] [--data DIR]

--tables writes Parquet files, by pseudonym, and manifest.json with counts, columns and checksums, of
${EXPORT_NAMES.slice(0, 4).join(', ')},
${EXPORT_NAMES.slice(4).join(', ')}.
--from and --to (2026-09-01, or with a time) choose answers by when they were given: in next_correct_predictions and
sakt_attention. That one asks a trained version of sakt (--sakt, default the newest) what the newest --predictions of every
student looked at, and keeps the --looks greatest weights of each. The report of behaviour divides students by --source.
What stands in DIR under these names from an earlier export is replaced. "npx mastery validate-join DIR" checks the result;
docs/exports.md has every column. The files are copies: an erasure does not reach them, and later exports lack the student.

--student writes a README and one JSON document per table and state into DIR (default: export- and the beginning of the
pseudonym); --json prints all of it as one document. The bytes of rejects are opened: whoever runs this has the keys.`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: {
        student: { type: 'string' },
        tables: { type: 'string' },
        out: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        sakt: { type: 'string' },
        predictions: { type: 'string' },
        looks: { type: 'string' },
        source: { type: 'string' },
        tenant: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    const { tables, student, ...flags } = values
    if (tables !== undefined && student !== undefined)
      throw new UsageError('Give either --tables or --student, not both.')
    if (tables !== undefined) return exportAnalystsTables(host, io, { tables, ...flags })
    if (student === undefined)
      throw new UsageError('Say what: --tables all for analysts, or --student ID for one student.')
    for (const name of ['from', 'to', 'sakt', 'predictions', 'looks', 'source'] as const)
      if (values[name] !== undefined) throw new UsageError(`--${name} belongs to --tables.`)
    const of = subjectOf(host, values.student, values.tenant)
    const keys = sealer(host.installation.secrets)
    const found = await exportStudent(await privacyOf(host), of, (bytes, by) => keys.unseal(bytes, by))
    await noteAccess(host, of, 'export')
    if (values.json) {
      io.out(`${JSON.stringify(found)}\n`)
      return 0
    }
    const dir = resolve(io.cwd, values.out ?? `export-${of.student.slice(0, 12)}`)
    try {
      for (const [name, text] of exportFiles(found)) {
        mkdirSync(dirname(join(dir, name)), { recursive: true, mode: 0o700 })
        writeFileSync(join(dir, name), text, { mode: 0o600 })
      }
    } catch (e) {
      throw new Error(`The export can't be written: ${(e as Error).message}. Name another folder with --out.`, {
        cause: e,
      })
    }
    io.out(
      table(
        ['held', 'rows'],
        Object.entries(found.gold).map(([name, rows]) => [name, String(rows.length)]),
      ),
    )
    io.out(`\nWritten to ${dir}; README.txt says what each file is.\n`)
    if (!found.known)
      io.err.write('Nothing is known of this student but what is written there. Check the id and --tenant.\n')
    return 0
  },
}
