import { UsageError } from './command.ts'
import { COMMANDS } from './commands/all.ts'

/** Takes --profile and --data out of the arguments, wherever they stand. */
export function globalOptions(args: string[]): { argv: string[]; profile?: string; data?: string } {
  const argv: string[] = []
  const given: { profile?: string; data?: string } = {}
  for (let i = 0; i < args.length; i++) {
    const m = /^--(profile|data)(?:=(.*))?$/.exec(args[i]!)
    if (!m) argv.push(args[i]!)
    else {
      const value = m[2] ?? args[++i]
      // Left out, the default folder would be taken for the one that was meant.
      if (!value || value.startsWith('--'))
        throw new UsageError(`--${m[1]} needs a value: --${m[1]} ${m[1] === 'data' ? 'DIR' : 'NAME'}.`)
      given[m[1] as 'profile' | 'data'] = value
    }
  }
  return { argv, ...given }
}

export const HELP = `mastery-stream: learner events in, explained mastery per student and topic out

npx mastery COMMAND [options]

  start          collector, API and all stages in this process, on a data folder (also: npm start)
  services       the services as processes of their own, on the local servers (npm run stack -- up)
  demo           a simulated school through the whole path (also: npm run demo)
${COMMANDS.map((c) => `  ${c.name.padEnd(15)}${c.summary}`).join('\n')}

  --profile NAME   embedded (default), local or compose
  --data DIR       data folder; default: ./data (or $MASTERY_DATA)
  --help           after a command: what it takes

Beside a running "npm start" a command runs inside it; otherwise it opens the data folder itself.
Exit codes: 0 done, 1 failed, 2 called wrongly.
`
