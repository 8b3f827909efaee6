import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Artifact, artifactDir, ensureArtifact } from '../artifacts.ts'
import { lastLines, runCommand } from '../command.ts'
import { exchange, LOOPBACK } from '../network.ts'
import type { Part } from '../part.ts'
import { java, maven, obtain } from '../tools.ts'
import { serverProperties } from './server-properties.ts'

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** The broker's jars, as pom.xml names them. */
export const kafkaJars: Artifact = {
  name: 'kafka-4.1.2',
  megabytes: 43,
  checksumsFile: here('checksums.sha256'),
  fetch: (folder) => ({
    goal: 'copy-dependencies',
    args: ['-f', here('pom.xml'), `-DoutputDirectory=${folder}`, '-DincludeScope=runtime'],
  }),
}

/** ApiVersions request, version 0: the one that every broker answers, and only once it takes requests. */
function apiVersionsRequest(correlation: number): Buffer {
  const client = Buffer.from('stack')
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + client.length)
  request.writeInt32BE(request.length - 4, 0)
  request.writeInt16BE(18, 4)
  request.writeInt16BE(0, 6)
  request.writeInt32BE(correlation, 8)
  request.writeInt16BE(client.length, 12)
  client.copy(request, 14)
  return request
}

/** Apache Kafka in KRaft mode: broker and controller in one process. */
export const kafka: Part = {
  name: 'kafka',
  portNames: ['main', 'controller'],
  tools: [java],
  startLimitMs: 90_000,
  stopLimitMs: 20_000,
  address: (ports) => `${LOOPBACK}:${ports.main}`,
  missingDownloads: (layout) => (existsSync(artifactDir(kafkaJars, layout.artifactsDir)) ? [] : [maven]),
  async prepare(layout, log) {
    await obtain(java, log)
    await ensureArtifact(kafkaJars, layout.artifactsDir, log)
  },
  async plan(layout, ports, log) {
    const command = await obtain(java, log)
    const folder = layout.partDir('kafka')
    const config = join(folder, 'server.properties')
    mkdirSync(join(folder, 'data'), { recursive: true })
    writeFileSync(config, serverProperties(folder, ports))
    const classpath = join(artifactDir(kafkaJars, layout.artifactsDir), '*')
    const common = [
      '-Djava.awt.headless=true',
      `-Dlog4j2.configurationFile=${here('log4j2.properties')}`,
      '-cp',
      classpath,
    ]
    if (!existsSync(join(folder, 'data', 'meta.properties'))) {
      log('kafka: formatting its storage')
      const id = randomBytes(16).toString('base64url')
      const args = ['-Xmx256m', '-XX:TieredStopAtLevel=1', ...common, 'kafka.tools.StorageTool']
      const format = await runCommand(
        command,
        [...args, 'format', `--cluster-id=${id}`, '--config', config, '--ignore-formatted'],
        { limitMs: 60_000 },
      )
      if (format.code !== 0) throw new Error(`kafka: its storage could not be formatted:\n${lastLines(format.output)}`)
    }
    return {
      command,
      args: [
        '-Xms256m',
        '-Xmx512m',
        '-XX:+UseSerialGC',
        '-XX:+ExitOnOutOfMemoryError',
        ...common,
        'kafka.Kafka',
        config,
      ],
      cwd: folder,
    }
  },
  serves: (ports) =>
    exchange(
      ports.main,
      apiVersionsRequest(7),
      (answer) => answer.length >= 10 && answer.readInt32BE(4) === 7 && answer.readInt16BE(8) === 0,
    ),
}
