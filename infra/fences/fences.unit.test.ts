import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const CLI = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
const dir = mkdtempSync(join(tmpdir(), 'fences-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function plant(files: Record<string, string>): string {
  rmSync(dir, { recursive: true, force: true })
  for (const folder of ['schemas', 'topology', 'infra', 'services']) mkdirSync(join(dir, folder), { recursive: true })
  cpSync(join(ROOT, 'tsconfig.json'), join(dir, 'tsconfig.json'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(dir, dirname(path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  const run = spawnSync(
    process.execPath,
    [CLI, '--config', join(ROOT, 'infra/fences/rules.cjs'), 'schemas', 'topology', 'infra', 'services'],
    { cwd: dir, encoding: 'utf8' },
  )
  return run.status === 0 ? 'clean' : run.stdout + run.stderr
}

const KAFKA = {
  'node_modules/kafkajs/package.json': '{"name":"kafkajs","main":"index.js"}',
  'node_modules/kafkajs/index.js': 'module.exports = {}',
}

describe('import fences', () => {
  it('let the layers import to their left', () => {
    expect(
      plant({
        'topology/a.ts': 'export const a = 1\n',
        'infra/b.ts': "import { a } from '../topology/a.ts'\nexport const b = a\n",
      }),
    ).toBe('clean')
  })
  it('refuse a planted import from topology to infra', () => {
    expect(
      plant({
        'topology/a.ts': "import { b } from '../infra/b.ts'\nexport const a = b\n",
        'infra/b.ts': 'export const b = 1\n',
      }),
    ).toContain('topology-below-infra')
  })
  it('refuse planted I/O in topology', () => {
    expect(
      plant({ 'topology/a.ts': "import { readFileSync } from 'node:fs'\nexport const a = readFileSync\n" }),
    ).toContain('topology-is-pure')
  })
  it('refuse a vendor outside its adapter, and let it in there', () => {
    const use = "import kafka from 'kafkajs'\nexport const k = kafka\n"
    expect(plant({ ...KAFKA, 'infra/runtime/a.ts': use })).toContain('vendor-kafkajs-in-one-adapter')
    expect(plant({ ...KAFKA, 'infra/adapters/kafka/log.ts': use })).toBe('clean')
  })
  it('refuse schemas that import anything of ours, and cycles', () => {
    expect(
      plant({
        'topology/a.ts': 'export const a = 1\n',
        'schemas/b.ts': "import { a } from '../topology/a.ts'\nexport const b = a\n",
      }),
    ).toContain('schemas-import-nothing-of-ours')
    expect(
      plant({
        'topology/a.ts': "import { b } from './b.ts'\nexport const a = () => b\n",
        'topology/b.ts': "import { a } from './a.ts'\nexport const b = () => a\n",
      }),
    ).toContain('no-cycles')
  })
})
