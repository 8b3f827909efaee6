import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SERVICES } from '@mastery/topology/flow.ts'
import { afterAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const text = readFileSync(`${root}docker-compose.yml`, 'utf8')

const SERVERS = ['kafka', 'redis', 'registry', 'clickhouse']
const SETTINGS = {
  MASTERY_PROFILE: 'compose',
  KAFKA_BROKERS: 'kafka:9092',
  REDIS_URL: 'redis://:redispw@redis:6379',
  SCHEMA_REGISTRY_URL: 'http://registry:8080/apis/ccompat/v7',
  CLICKHOUSE_URL: 'http://mastery:chpw@clickhouse:8123',
  MASTERY_TENANTS_FILE: '/run/secrets/tenants',
  PORT: '8080',
}

/** Lines under a key, which stands at `indent` spaces, up to the next key at that depth. */
function block(of: string, key: string, indent: number): string {
  const lines = of.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`${' '.repeat(indent)}${key}:`))
  if (start < 0) return ''
  const rest = lines.slice(start + 1)
  const end = rest.findIndex((line) => /\S/.test(line) && line.search(/\S/) <= indent)
  return rest.slice(0, end < 0 ? rest.length : end).join('\n')
}

const keys = (of: string, indent: number): string[] =>
  of.split('\n').flatMap((line) => new RegExp(`^ {${indent}}([\\w-]+):`).exec(line)?.[1] ?? [])

const services = block(text, 'services', 0)
const shared = block(text, 'x-service', 0)

describe('docker-compose.yml as text', () => {
  it('names the servers and the services, and no other', () => {
    // The mail catcher is not started unless it is asked for.
    expect(keys(services, 2).sort()).toEqual([...SERVERS, ...SERVICES, 'mail'].sort())
    expect(block(services, 'mail', 2)).toMatch(/^ {4}profiles: \[mail\]$/m)
  })

  it.each(SERVERS)('%s: a pinned image, a health check', (name) => {
    const own = block(services, name, 2)
    expect(own).toMatch(/^ {4}image: [a-z0-9/.-]+:\d[\w.-]*$/m)
    expect(block(own, 'healthcheck', 4)).toMatch(/test:/)
  })

  it.each(SERVICES)('%s: runs its own main on the shared service, which has a health check', (name) => {
    const own = block(services, name, 2)
    expect(own).toContain('<<: *service')
    expect(own).toContain(`command: ["node", "services/${name}/src/main.ts"]`)
    expect(block(shared, 'healthcheck', 2)).toMatch(/test:/)
  })

  it('holds no secret: every password comes from .env and is demanded', () => {
    const named = text.split('\n').filter((line) => /PASSWORD|requirepass/.test(line.replace(/#.*/, '')))
    expect(named.length).toBeGreaterThan(3)
    for (const line of named)
      if (!line.trim().startsWith('- --requirepass')) expect(line).toMatch(/\$\{\w+_PASSWORD:\?/)
  })

  it('publishes ports on the loopback address only', () => {
    for (const line of text.matchAll(/^ {6}- "(.*:\d+)"$/gm)) expect(line[1]).toMatch(/^127\.0\.0\.1:/)
  })

  it('asks for the versions that the local profile runs', () => {
    const pom = readFileSync(`${root}infra/local/kafka/pom.xml`, 'utf8')
    const registry = readFileSync(`${root}infra/local/registry/checksums.sha256`, 'utf8')
    expect(text).toContain(`apache/kafka:${/<version>(4[^<]*)</.exec(pom)![1]}`)
    expect(text).toContain(`apicurio-registry-kafkasql:${/registry-app-(.*)-all/.exec(registry)![1]}`)
  })
})

const environment = { ...process.env, REDIS_PASSWORD: 'redispw', CLICKHOUSE_PASSWORD: 'chpw' }
const compose = [['docker-compose'], ['docker', 'compose']].find(
  ([command, ...rest]) => spawnSync(command!, [...rest, 'version']).status === 0,
)
const noEnv = join(mkdtempSync(join(tmpdir(), 'compose-')), 'env')
writeFileSync(noEnv, '')
afterAll(() => rmSync(dirname(noEnv), { recursive: true }))
const config = (env: NodeJS.ProcessEnv) =>
  // An empty .env, so that a developer's own does not answer for the test's.
  spawnSync(compose![0]!, [...compose!.slice(1), '--env-file', noEnv, 'config'], {
    cwd: root,
    env,
    encoding: 'utf8',
  })

const title = 'docker-compose.yml by docker-compose config'
describe.skipIf(compose === undefined)(
  compose === undefined ? `${title} (not run: docker-compose absent)` : title,
  () => {
    it('is valid, and every service has its settings and waits for healthy servers', () => {
      const { status, stdout, stderr } = config(environment)
      expect([status, status === 0 ? '' : stderr]).toEqual([0, ''])
      const resolved = block(stdout, 'services', 0)
      // Older releases show the catcher, too, which they would not start.
      const started = keys(resolved, 2).filter((name) => name !== 'mail')
      expect(started.sort()).toEqual([...SERVERS, ...SERVICES].sort())
      for (const name of SERVICES) {
        const own = block(resolved, name, 2)
        for (const [setting, value] of Object.entries(SETTINGS))
          expect(own).toMatch(new RegExp(`^ {6}${setting}: ['"]?${value.replace(/[.?]/g, '\\$&')}['"]?$`, 'm'))
        const waits = block(own, 'depends_on', 4)
        expect(keys(waits, 6).sort()).toEqual([...SERVERS].sort())
        expect(waits.match(/condition: service_healthy/g)).toHaveLength(SERVERS.length)
      }
    })

    it('is refused without the passwords', () => {
      const { REDIS_PASSWORD: _, ...without } = environment
      const { status, stderr } = config(without)
      expect(status).not.toBe(0)
      expect(stderr).toContain('REDIS_PASSWORD')
    })
  },
)
