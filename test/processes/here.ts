import type { Io } from '@mastery/cli/src/command.ts'
import { runCommandLine } from '@mastery/cli/src/run.ts'
import { mastery as asProcess, commandsBy, type Ended, type Place, ROOT } from './cli.ts'

/**
 * Runs a command line in this process: all but the process itself, whose start costs ten times what most commands do.
 * What needs an environment or a standard input of its own, or runs until it is told to stop, still gets a process.
 */
async function here(args: readonly string[], place: Place = {}, limitMs?: number): Promise<Ended> {
  if (place.env || place.stdin !== undefined || args[0] === 'start') return asProcess(args, place, limitMs)
  const started = performance.now()
  const ended: Ended = { code: null, out: '', err: '', ms: 0 }
  const io: Io = {
    out: (text) => {
      ended.out += text
    },
    err: {
      write: (text) => {
        ended.err += text
      },
      isTTY: false,
    },
    cwd: ROOT,
  }
  ended.code = await runCommandLine(place.data ? ['--data', place.data, ...args] : [...args], io)
  ended.ms = performance.now() - started
  return ended
}

export type { ImportSummary, Place } from './cli.ts'
export const { mastery, masteryOk, sqlRows, importFile } = commandsBy(here)
