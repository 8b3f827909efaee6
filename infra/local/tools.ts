import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { lastLines, runCommand } from './command.ts'
import type { Log } from './wait.ts'

/** A program of the machine that a part needs. */
export type Tool = {
  name: string
  /** The command to run it by; null where it is missing or too old. */
  find(): Promise<string | null>
  /** Debian packages that bring it, the best first. */
  packages: readonly string[]
  /** What a person should do where it cannot be installed from here. */
  remedy: string
}

const LOOK = { limitMs: 20_000 }

async function javaMajor(command: string): Promise<number> {
  const { code, output } = await runCommand(command, ['-version'], LOOK)
  return code === 0 ? Number(/version "(\d+)/.exec(output)?.[1] ?? 0) : 0
}

export const java: Tool = {
  name: 'Java 17 or later',
  async find() {
    const home = process.env['JAVA_HOME']
    for (const command of [...(home ? [join(home, 'bin', 'java')] : []), 'java'])
      if ((await javaMajor(command)) >= 17) return command
    return null
  },
  packages: ['openjdk-17-jre-headless', 'openjdk-21-jre-headless', 'openjdk-25-jre-headless'],
  remedy: 'install a Java runtime, version 17 or later, and have `java` on PATH or set JAVA_HOME',
}

export const maven: Tool = {
  name: 'Maven',
  find: async () => ((await runCommand('mvn', ['-v'], LOOK)).code === 0 ? 'mvn' : null),
  packages: ['maven'],
  remedy: 'install Maven and have `mvn` on PATH; it fetches the pinned jars of Kafka and the registry',
}

export const redisServer: Tool = {
  name: 'redis-server',
  find: async () => ((await runCommand('redis-server', ['--version'], LOOK)).code === 0 ? 'redis-server' : null),
  packages: ['redis-server', 'valkey-redis-compat'],
  remedy: 'install Redis 6.2 or later and have `redis-server` on PATH',
}

/** Whether a missing tool could be installed by us: Debian's apt and the user root. */
function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
}

/** Why a tool cannot be had here, in words that say what to do; null when it is there or can be installed. */
export async function whyMissing(tool: Tool): Promise<string | null> {
  if ((await tool.find()) !== null || canInstall()) return null
  return `${tool.name} is missing, and it cannot be installed from here (that takes apt-get and the user root): ${tool.remedy}`
}

/**
 * The command of a tool, installed first where it is missing.
 * @throws Error that says what to do
 */
export async function obtain(tool: Tool, log: Log): Promise<string> {
  const found = await tool.find()
  if (found !== null) return found
  const why = await whyMissing(tool)
  if (why !== null) throw new Error(why)
  log(`${tool.name} is missing: installing it with apt-get`)
  // RUNLEVEL=1 keeps the package's own service from being started beside ours.
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  await apt(['update', '-q'], env)
  for (const name of tool.packages) {
    if ((await runCommand('apt-cache', ['show', name], { limitMs: 60_000 })).code !== 0) continue
    await apt(['install', '-y', '-q', '--no-install-recommends', name], env)
    const installed = await tool.find()
    if (installed !== null) return installed
  }
  throw new Error(`apt-get offers no package that brings ${tool.name}: ${tool.remedy}`)
}

async function apt(args: string[], env: Record<string, string>): Promise<void> {
  const { code, output } = await runCommand('apt-get', args, { limitMs: 600_000, env })
  if (code !== 0) throw new Error(`apt-get ${args[0]} failed (is the network up?):\n${lastLines(output)}`)
}
