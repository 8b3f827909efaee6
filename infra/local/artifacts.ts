import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { lastLines, runCommand } from './command.ts'
import { maven, obtain } from './tools.ts'
import type { Log } from './wait.ts'

// A version of the plugin that is pinned, else Maven takes whichever is newest on the day.
const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'

/** Files from Maven Central, each pinned by its SHA-256. */
export type Artifact = {
  /** Name and version; the folder's name. */
  name: string
  /** Roughly what is downloaded, for the progress line. */
  megabytes: number
  /** `sha256  file` lines: exactly the files that must arrive. */
  checksumsFile: string
  /** Goal and properties of the dependency plugin that bring the files into `folder`. */
  fetch(folder: string): { goal: string; args: string[] }
  /** What becomes of the files once they are verified. */
  unpack?: (folder: string) => Promise<void>
}

/** Folder of an artifact. It exists only when every file in it was verified; other pins make another folder. */
export function artifactDir(artifact: Artifact, artifactsDir: string): string {
  const pins = createHash('sha256').update(readFileSync(artifact.checksumsFile)).digest('hex').slice(0, 12)
  return join(artifactsDir, `${artifact.name}-${pins}`)
}

/**
 * Makes the artifact's folder exist. Interrupted and concurrent downloads leave no half of it: it appears by a rename.
 * @throws Error when Maven fails or a file is not the pinned one; the download is then deleted
 */
export async function ensureArtifact(artifact: Artifact, artifactsDir: string, log: Log): Promise<string> {
  const folder = artifactDir(artifact, artifactsDir)
  if (existsSync(folder)) return folder
  const command = await obtain(maven, log)
  const incoming = `${folder}.incoming-${process.pid}`
  await rm(incoming, { recursive: true, force: true })
  await mkdir(incoming, { recursive: true })
  try {
    log(`${artifact.name}: fetching about ${artifact.megabytes} MB with Maven`)
    const { goal, args } = artifact.fetch(incoming)
    const start = performance.now()
    const { code, output } = await runCommand(command, ['-q', '-B', '-ntp', `${DEPENDENCY_PLUGIN}:${goal}`, ...args], {
      limitMs: 600_000,
      cwd: incoming,
    })
    if (code !== 0)
      throw new Error(`Maven could not fetch ${artifact.name} (is the network up?):\n${lastLines(output)}`)
    await verify(artifact, incoming)
    await artifact.unpack?.(incoming)
    log(`${artifact.name}: fetched and verified in ${((performance.now() - start) / 1000).toFixed(1)} s`)
    await rename(incoming, folder).catch((error: unknown) => {
      // Another stack put the same verified files there first.
      if (!existsSync(folder)) throw error
    })
    return folder
  } finally {
    await rm(incoming, { recursive: true, force: true })
  }
}

/** @throws Error for the first file that is missing, unknown or not the pinned one. */
export async function verify(artifact: Pick<Artifact, 'name' | 'checksumsFile'>, folder: string): Promise<void> {
  const pins = new Map(
    readFileSync(artifact.checksumsFile, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const match = /^([0-9a-f]{64}) [ *](\S+)$/.exec(line.trim())
        return match === null ? [] : [[match[2]!, match[1]!] as const]
      }),
  )
  const refuse = (why: string): never => {
    throw new Error(
      `${artifact.name}: ${why}. The download was deleted; delete the file in Maven's own repository folder too and try again. If it stays so, the publisher changed it: review, then write the new sum into ${artifact.checksumsFile}`,
    )
  }
  for (const file of await readdir(folder)) if (!pins.has(file)) refuse(`${file} is not among the pinned files`)
  for (const [file, pin] of pins) {
    if (!existsSync(join(folder, file))) refuse(`${file} did not arrive`)
    const sum = await sha256(join(folder, file))
    if (sum !== pin) refuse(`${file} has SHA-256 ${sum}, pinned is ${pin}`)
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
