import { ConfigError } from '@mastery/infra/config/profile.ts'
import { ImportError } from '@mastery/topology/importers/importer.ts'
import { type Host, type Io, UsageError } from './command.ts'
import { COMMANDS } from './commands/all.ts'

/** Runs one command on an open installation. Mistakes of the caller end with a message and code 2, failures with 1. */
export async function runCommand(host: Host, argv: readonly string[], io: Io): Promise<number> {
  const command = COMMANDS.find((c) => c.name === argv[0])
  try {
    if (!command) throw new UsageError(`There is no command "${argv[0]}".`)
    return await command.run(host, argv.slice(1), io)
  } catch (e) {
    return explainFailure(e, io, command?.name)
  }
}

/** Prints what went wrong as a person reads it, and gives the exit code. */
export function explainFailure(e: unknown, io: Io, command?: string): number {
  const error = e as Error & { code?: string }
  const usage = error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS')
  io.err.write(`${printable(error.message)}\n`)
  if (usage) {
    io.err.write(
      command ? `"npx mastery ${command} --help" says more.\n` : '"npx mastery --help" lists the commands.\n',
    )
    return 2
  }
  if (error instanceof ImportError || error instanceof ConfigError) return 2
  if (process.env['MASTERY_DEBUG']) io.err.write(`${error.stack}\n`)
  return 1
}

/** What a file holds may stand in a message; a terminal should not get its control characters, nor a screenful of it. */
function printable(text: string): string {
  let out = ''
  for (const c of text.slice(0, 2000))
    out += c === '\n' || c === '\t' || (c >= ' ' && c !== '\u007f' && c !== '\ufffd') ? c : '?'
  return out
}
