import { loadProfile } from '@mastery/infra/config/profile.ts'
import { SERVICES, type ServiceName } from '@mastery/topology/flow.ts'
import { UsageError } from './command.ts'
import { runServices } from './commands/services.ts'
import { signalled } from './signals.ts'

type Given = { profile?: string; data?: string }

/** Commands that make an installation and run until they are told to stop. `argv`: the name, and what follows it. */
export const LONG_RUNNING: readonly {
  name: string
  help: string
  run(given: Given, argv: readonly string[]): Promise<number>
}[] = [
  {
    name: 'start',
    help: `npx mastery start [--data DIR]      (also: npm start)

Collector, API, jobs and all stages in this process, on the embedded profile. The data folder is kept: the next start goes on
from it, also after a kill. PORT and HOST say where to listen (8080 on 127.0.0.1; PORT=0: any free port). The first start
makes a tenant and prints its API key once. SIGTERM or Ctrl-C drains and leaves.`,
    async run(given, argv) {
      refuseMore(argv)
      const profile = loadProfile(process.env, given)
      const { start } = await import('./start.ts')
      return start(profile, signalled())
    },
  },
  {
    name: 'services',
    help: `npx mastery services [NAME...] [--profile local] [--data DIR]

The services as processes of their own on the local servers ("npm run stack -- up" starts those), each started again when it
ends unasked: ${SERVICES.join(', ')}, or those that are named. PORT is the collector's, the
API gets the next one.`,
    run: async (given, [, ...names]) =>
      runServices(loadProfile(process.env, { profile: 'local', ...given }), signalled(), servicesNamed(names)),
  },
]

/** All where none is named. @throws UsageError where there is no such service */
function servicesNamed(names: readonly string[]): readonly ServiceName[] {
  const unknown = names.find((name) => !SERVICES.some((s) => s === name))
  if (unknown !== undefined) throw new UsageError(`There is no service "${unknown}"; they are ${SERVICES.join(', ')}.`)
  return names.length === 0 ? SERVICES : SERVICES.filter((s) => names.includes(s))
}

/** Throws a UsageError where a long-running command got anything else. */
function refuseMore(argv: readonly string[]): void {
  if (argv.length > 1)
    throw new UsageError(`"${argv[0]}" does not take "${argv[1]}"; "npx mastery ${argv[0]} --help" says what it takes.`)
}
