import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { runAtOwner } from './admin.ts'
import type { Io } from './command.ts'
import { runCommand } from './dispatch.ts'
import { LazyHost } from './host.ts'
import { ownerOf, takeFolder } from './owner.ts'

/** Runs a command on the installation: inside the process that has it open, or here where nobody has. Gives the exit code. */
export async function onInstallation(
  argv: string[],
  given: { profile?: string; data?: string },
  io: Io,
): Promise<number> {
  const profile = loadProfile(process.env, given)
  const here = async () => {
    const host = await LazyHost.open(profile, new ConsoleTelemetry('cli', true))
    try {
      return await runCommand(host, argv, io)
    } finally {
      await host.close()
    }
  }
  if (profile.servers !== null) return here()
  const owner = ownerOf(profile.dataDir)
  if (owner?.url) return runAtOwner(owner, argv, io)
  const folder = takeFolder(profile.dataDir, `mastery ${argv[0]}`)
  try {
    return await here()
  } finally {
    folder.release()
  }
}
