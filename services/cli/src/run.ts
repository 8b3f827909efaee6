import { globalOptions, HELP } from './arguments.ts'
import { type Host, type Io, UsageError } from './command.ts'
import { COMMANDS } from './commands/all.ts'
import { demoCommand } from './commands/demo.ts'
import { explainFailure } from './dispatch.ts'
import { LONG_RUNNING } from './long-running.ts'

async function run(args: string[], io: Io): Promise<number> {
  const { argv, ...given } = globalOptions(args)
  const name = argv[0] ?? 'help'
  const longRunning = LONG_RUNNING.find((c) => c.name === name)
  const command = [...COMMANDS, demoCommand].find((c) => c.name === name)
  const known = longRunning ?? command
  if (name === 'help' || name === '--help' || name === '-h') {
    io.out(HELP)
    return 0
  }
  if (!known) throw new UsageError(`There is no command "${name}".`)
  if (argv.includes('--help') || argv.includes('-h')) {
    io.out(`${known.help}\n`)
    return 0
  }
  if (longRunning) return longRunning.run(given, argv)
  const { standalone } = command!
  if (!(typeof standalone === 'function' ? standalone(argv.slice(1)) : standalone)) {
    // The stores cost a second to load; help and mistakes need none of them.
    const { onInstallation } = await import('./on-installation.ts')
    return onInstallation(argv, given, io)
  }
  const data = given.data && command === demoCommand ? ['--data', given.data] : []
  return command!.run(null as unknown as Host, [...argv.slice(1), ...data], io)
}

/** Runs what stands on a command line, without the program's name. Gives the exit code; nothing is thrown. */
export function runCommandLine(args: string[], io: Io): Promise<number> {
  return run(args, io).catch((e) => explainFailure(e, io))
}
