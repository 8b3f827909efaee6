import { existsSync, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Artifact, artifactDir, ensureArtifact } from '../artifacts.ts'
import { lastLines, runCommand } from '../command.ts'
import { answers, LOOPBACK } from '../network.ts'
import type { Part } from '../part.ts'
import { java, maven, obtain } from '../tools.ts'

const VERSION = '2.6.13.Final'
const ARCHIVE = `apicurio-registry-app-${VERSION}-all.tar.gz`
const JAR = `apicurio-registry-app-${VERSION}-runner.jar`

/** Apicurio's runnable distribution. From 3.0 on it is not on Maven Central: topology/decisions/0001. */
export const registryArchive: Artifact = {
  name: `apicurio-registry-${VERSION}`,
  megabytes: 142,
  checksumsFile: fileURLToPath(new URL('checksums.sha256', import.meta.url)),
  fetch: (folder) => ({
    goal: 'copy',
    args: [`-Dartifact=io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`, `-DoutputDirectory=${folder}`],
  }),
  async unpack(folder) {
    const { code, output } = await runCommand('tar', ['xzf', ARCHIVE], { limitMs: 120_000, cwd: folder })
    if (code !== 0) throw new Error(`${ARCHIVE} could not be unpacked:\n${lastLines(output)}`)
    await rm(join(folder, ARCHIVE))
  },
}

/** Apicurio Registry behind its Confluent-compatible interface, its schemas in a file. */
export const registry: Part = {
  name: 'registry',
  portNames: ['main'],
  tools: [java],
  startLimitMs: 90_000,
  stopLimitMs: 10_000,
  address: (ports) => `http://${LOOPBACK}:${ports.main}/apis/ccompat/v7`,
  missingDownloads: (layout) => (existsSync(artifactDir(registryArchive, layout.artifactsDir)) ? [] : [maven]),
  async prepare(layout, log) {
    await obtain(java, log)
    await ensureArtifact(registryArchive, layout.artifactsDir, log)
  },
  async plan(layout, ports, log) {
    const folder = layout.partDir('registry')
    const data = join(folder, 'data')
    mkdirSync(data, { recursive: true })
    return {
      command: await obtain(java, log),
      args: [
        '-Xmx256m',
        '-XX:+UseSerialGC',
        // Compiled once and lightly: it starts in half the time and serves a handful of requests.
        '-XX:TieredStopAtLevel=1',
        '-XX:+ExitOnOutOfMemoryError',
        `-Dquarkus.http.host=${LOOPBACK}`,
        `-Dquarkus.http.port=${ports.main}`,
        '-Dquarkus.datasource.jdbc.initial-size=1',
        '-Dquarkus.datasource.jdbc.min-size=1',
        '-Dquarkus.datasource.jdbc.max-size=8',
        // Records on the log carry schema ids, so ids must outlive a kill: H2 would hold commits back for 0.5 s.
        `-Dquarkus.datasource.jdbc.url=jdbc:h2:file:${join(data, 'registry')};WRITE_DELAY=0`,
        '-jar',
        join(artifactDir(registryArchive, layout.artifactsDir), JAR),
      ],
      cwd: data,
    }
  },
  serves: (ports) => answers(`http://${LOOPBACK}:${ports.main}/apis/ccompat/v7/subjects`),
}
