import { closeSync, fstatSync, openSync, statSync } from 'node:fs'
import { devNull } from 'node:os'
import { isatty } from 'node:tty'

/**
 * Gives the engine an empty standard input. To every INSERT it adds the bytes that wait on descriptor 0 where that is no
 * terminal, as `clickhouse-local < file` is meant to: in `while read s; do mastery erase --student $s --yes; done < list`
 * the rest of the list would become rows of a table, or fail the insert. To be called before the engine starts.
 * @throws Error where another thread opened a file meanwhile and got descriptor 0: the engine would read that file
 */
export function emptyStandardInput(): void {
  if (isatty(0) || isEmpty()) return
  closeSync(0)
  // The lowest free descriptor is given, which is the one that was just closed.
  const given = openSync(devNull, 'r')
  if (given === 0) return
  closeSync(given)
  throw new Error('The standard input could not be emptied for the ClickHouse engine. Start again with </dev/null.')
}

/** Supervisors, services and commands called again: there is nothing to close, so nothing can come in between. */
function isEmpty(): boolean {
  const input = fstatSync(0)
  return input.isCharacterDevice() && input.rdev === statSync(devNull).rdev
}
