import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { renderTypes } from './generate.ts'

const schemas = fileURLToPath(new URL('..', import.meta.url))

function generate(root: string, ...args: string[]) {
  const run = spawnSync(process.execPath, [join(root, 'src/generate.ts'), ...args], { encoding: 'utf8' })
  return { status: run.status, says: run.stderr }
}

describe('the generated types', () => {
  it('are what the schemas say', () => {
    expect(generate(schemas, '--check')).toMatchObject({ status: 0 })
  })
})

describe('a stale copy', () => {
  let root = ''
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'schemas-'))
    for (const part of ['avro', 'src']) cpSync(join(schemas, part), join(root, part), { recursive: true })
    writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  })
  afterEach(() => rmSync(root, { recursive: true }))
  const tick = () => join(root, 'src/generated/tick.gen.ts')

  it('passes while nothing has changed', () => {
    expect(generate(root, '--check').status).toBe(0)
  })

  it('is found where a file was edited by hand, and mended', () => {
    const good = readFileSync(tick(), 'utf8')
    writeFileSync(tick(), `${good}// by hand\n`)
    const checked = generate(root, '--check')
    expect(checked.status).toBe(1)
    expect(checked.says).toContain('Stale generated types: src/generated/tick.gen.ts. Run "npm run generate"')
    expect(readFileSync(tick(), 'utf8')).toContain('by hand')
    expect(generate(root).status).toBe(0)
    expect(readFileSync(tick(), 'utf8')).toBe(good)
  })

  it('is found where a file is missing', () => {
    rmSync(tick())
    expect(generate(root, '--check').status).toBe(1)
  })

  it('is found where a schema got a newer version, which the types then follow', () => {
    const next = JSON.parse(readFileSync(join(root, 'avro/tick/v1.avsc'), 'utf8')) as { fields: object[] }
    next.fields.push({ name: 'source', type: ['null', 'string'], default: null, doc: 'Who ticked.' })
    writeFileSync(join(root, 'avro/tick/v2.avsc'), JSON.stringify(next))
    expect(generate(root, '--check').status).toBe(1)
    generate(root)
    expect(readFileSync(tick(), 'utf8')).toContain('  /** Who ticked. */\n  source: null | string\n')
  })
})

describe('renderTypes', () => {
  it('renders what Avro has and our schemas use', () => {
    const text = renderTypes(
      {
        type: 'record',
        name: 'R',
        doc: 'About it.',
        fields: [
          { name: 'kind', type: { type: 'enum', name: 'K', symbols: ['a', 'b'] } },
          { name: 'many', type: { type: 'array', items: ['null', 'int'] } },
          { name: 'by', type: { type: 'map', values: 'double' } },
          { name: 'raw', type: 'bytes' },
          { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
          { name: 'again', type: ['null', 'test.K'] },
        ],
      },
      'avro/r/v1.avsc',
    )
    for (const line of [
      '/** About it. */\nexport interface R {',
      "export type K = 'a' | 'b'",
      '  kind: K',
      '  many: (null | number)[]',
      '  by: { [key: string]: number }',
      '  raw: Buffer',
      '  at: number',
      '  again: null | K',
    ])
      expect(text).toContain(line)
  })
})
