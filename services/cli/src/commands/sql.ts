import { parseArgs } from 'node:util'
import { type Command, UsageError } from '../command.ts'

/** Statements that have an answer, and so a format; the others refuse one. */
const ANSWERS = /^[\s(]*(select|with|show|desc|describe|explain|exists|values|from|check)\b/i

export const sqlCommand: Command = {
  name: 'sql',
  summary: 'ask gold in SQL',
  help: `npx mastery sql "SELECT ..." [--format PrettyCompactMonoBlock] [--json] [--write] [--profile NAME] [--data DIR]

Runs one query against gold and prints the answer. --json is short for --format JSONEachRow; every output format of
ClickHouse works (CSVWithNames, TabSeparatedWithNames, Vertical, ...). SELECT * FROM v_data_dictionary lists the tables.
Nothing can be changed, unless --write says that this is meant: rows that differ from what the history gives are found
and put right by the next reconcile.`,
  async run(host, args, io) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { format: { type: 'string' }, json: { type: 'boolean' }, write: { type: 'boolean' } },
    })
    const sql = positionals.join(' ').trim()
    if (sql === '')
      throw new UsageError('The query is missing: npx mastery sql "SELECT count() FROM learning_events FINAL"')
    const gold = await host.gold()
    if (!ANSWERS.test(sql)) {
      if (!values.write)
        throw new UsageError('This statement may change gold, and nothing was run. Add --write where that is meant.')
      await gold.command(sql)
      return 0
    }
    const format = values.format ?? (values.json ? 'JSONEachRow' : 'PrettyCompactMonoBlock')
    const text = values.write ? await gold.queryText(sql, format) : await gold.ask(sql, format)
    io.out(text.endsWith('\n') || text === '' ? text : `${text}\n`)
    return 0
  },
}
