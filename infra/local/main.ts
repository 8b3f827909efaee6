import { parseArgs } from 'node:util'
import { PART_NAMES, type PartName } from './layout.ts'
import { downStack, statusStack, upStack } from './stack.ts'

const USAGE = `npm run stack -- <command>
  up [--only kafka,redis,registry,clickhouse]  start what does not run; prints the addresses
  status                                       what runs where; exit code 3 unless all of it runs
  down [--wipe]                                end everything; --wipe also deletes data and logs
Everything lies under .local/ in the repository: data and logs in stack/, downloads in artifacts/.`

class UsageError extends Error {}

function partsOf(only: string | undefined): readonly PartName[] {
  if (only === undefined) return PART_NAMES
  const names = only.split(',')
  const unknown = names.filter((name) => !PART_NAMES.some((known) => known === name))
  if (unknown.length > 0)
    throw new UsageError(`no such part: ${unknown.join(', ')}; parts are ${PART_NAMES.join(', ')}`)
  return names as PartName[]
}

async function main(): Promise<number> {
  let parsed: ReturnType<typeof read>
  try {
    parsed = read()
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  const { values, positionals } = parsed
  const log = (line: string) => console.error(line)
  switch (values.help ? 'help' : positionals[0]) {
    case 'up':
      console.log(JSON.stringify(await upStack({ parts: partsOf(values.only), log }), null, 2))
      return 0
    case 'status': {
      const all = await statusStack()
      console.table(Object.fromEntries(all.map(({ part, logFile, ...rest }) => [part, { ...rest, log: logFile }])))
      return all.every((part) => part.state === 'running') ? 0 : 3
    }
    case 'down':
      await downStack(undefined, { wipe: values.wipe === true, log })
      return 0
    default:
      console.log(USAGE)
      return values.help ? 0 : 2
  }
}

function read() {
  const options = {
    only: { type: 'string' },
    wipe: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const
  return parseArgs({ allowPositionals: true, options })
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  if (error instanceof UsageError) console.error(USAGE)
  return error instanceof UsageError ? 2 : 1
})
