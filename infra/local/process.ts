import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process and the moment it was born: a recycled process id has another one, so a stranger is never signalled. */
export type ProcessIdentity = { pid: number; born: string }

/** What to start. `env` is all the environment that the process gets besides PATH, HOME, LANG, TMPDIR, JAVA_HOME. */
export type Launch = { command: string; args: string[]; cwd: string; env?: Record<string, string> }

/**
 * Birth mark in the text of a process's /proc/<pid>/stat; null once nothing of it runs. After kill -9 of a server the
 * first of its threads is often done (Z) while tens of others still end, and until the last one has ended the process
 * holds its port and its files: a successor would be given another port, or be refused its folder.
 */
export function birthMark(stat: string): string | null {
  // Fields after the command name, which may hold spaces and brackets: state is the first, threads the 18th, start the 20th.
  const fields = stat.replace(/^.*\) /s, '').split(' ')
  const over = fields[0] === 'Z' || fields[0] === 'X'
  return over && !(Number(fields[17]) > 1) ? null : fields[19]!
}

/** Birth mark of a running process; null when there is none or only its exit status is left. */
export function bornOf(pid: number): string | null {
  if (process.platform === 'linux') {
    try {
      const mark = birthMark(readFileSync(`/proc/${pid}/stat`, 'utf8'))
      return mark === null ? null : `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${mark}`
    } catch {
      return null
    }
  }
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return line === '' || line.startsWith('Z') ? null : line.replace(/^\S+\s+/, '')
  } catch {
    return null
  }
}

/** Whether exactly this process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return bornOf(identity.pid) === identity.born
}

/** Resident memory in MiB; null where it cannot be known. */
export function residentMiB(pid: number): number | null {
  try {
    if (process.platform === 'linux')
      return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)
    return Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024)
  } catch {
    return null
  }
}

const INHERITED = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'JAVA_HOME', 'USER'] as const

/** Environment of a server: nothing of the caller's Node options, test runner or secrets. */
function serverEnv(extra: Record<string, string> = {}): Record<string, string> {
  const kept = INHERITED.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(kept), ...extra }
}

/**
 * Starts a process that outlives this one, in a session of its own, with stdout and stderr in `logFile`; the log of the
 * run before is kept as `logFile.1`.
 * @throws Error when the command cannot be started
 */
export async function startDetached(launch: Launch, logFile: string): Promise<ProcessIdentity> {
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`)
  const log = openSync(logFile, 'a')
  try {
    const child = spawn(launch.command, launch.args, {
      cwd: launch.cwd,
      env: serverEnv(launch.env),
      detached: true,
      stdio: ['ignore', log, log],
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', (error) => reject(new Error(`cannot start ${launch.command}: ${error.message}`)))
    })
    child.unref()
    return { pid: child.pid!, born: bornOf(child.pid!) ?? 'gone' }
  } finally {
    closeSync(log)
  }
}

/** Gigabytes of memory take seconds to give back on a busy machine. */
const KILLED_MS = 20_000

/**
 * Ends a process and its children: SIGTERM, then SIGKILL after `graceMs`.
 * @returns how it ended; `absent` when it did not run
 * @throws Error when it survives SIGKILL for twenty seconds
 */
export async function stopProcess(
  identity: ProcessIdentity,
  graceMs: number,
): Promise<'absent' | 'stopped' | 'killed'> {
  if (!isRunning(identity)) return 'absent'
  signalGroup(identity.pid, 'SIGTERM')
  if (await goneWithin(identity, graceMs)) return 'stopped'
  signalGroup(identity.pid, 'SIGKILL')
  if (await goneWithin(identity, KILLED_MS)) return 'killed'
  throw new Error(`process ${identity.pid} survived SIGKILL: end it by hand`)
}

async function goneWithin(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs
  while (isRunning(identity)) {
    if (performance.now() > until) return false
    await sleep(50)
  }
  return true
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // It ended between the look and the signal.
  }
}
