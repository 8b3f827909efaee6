import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { exportFiles, exportStudent } from '@mastery/api/src/privacy/export.ts'
import { sealer } from '@mastery/infra/config/reject-keys.ts'
import type { Command } from '../command.ts'
import { noteAccess, privacyOf, subjectOf } from '../subject.ts'
import { table } from '../tables.ts'

export const exportCommand: Command = {
  name: 'export',
  summary: 'everything that is held about one student, as files',
  help: `npx mastery export --student ID [--out DIR] [--tenant T] [--json] [--profile NAME] [--data DIR]

Writes a README and one JSON document per table and state into DIR (default: export- and the beginning of the pseudonym); --json prints all of it
as one document. The bytes of rejects are opened: whoever runs this has the keys.`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: {
        student: { type: 'string' },
        out: { type: 'string' },
        tenant: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
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
