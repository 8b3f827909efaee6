import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { registryName, schemaVersions, subjects } from '@mastery/schemas/src/subjects.ts'
import { describe, expect, it } from 'vitest'
import { misfits, subjectMisfits } from './compatibility.ts'
import { compatibilityOf } from './registry.ts'

interface Field {
  name: string
  type: unknown
  default?: unknown
}
const schema = (...fields: Field[]) => JSON.stringify({ type: 'record', name: 'R', namespace: 'test', fields })
const kind = (symbols: string[], fallback?: string): Field => ({
  name: 'kind',
  type: { type: 'enum', name: 'Kind', symbols, ...(fallback ? { default: fallback } : {}) },
})
const id: Field = { name: 'id', type: 'string' }
const added: Field = { name: 'extra', type: ['null', 'long'], default: null }
const bare: Field = { name: 'extra', type: 'long' }

const pairs = (texts: string[], rule: 'BACKWARD_TRANSITIVE' | 'FULL_TRANSITIVE') =>
  misfits(texts, rule).map((m) => `${m.reader} reads ${m.writer}`)

describe('versions of a subject', () => {
  it.each(subjects())('%s: each reads its neighbours as its rule demands', (subject) => {
    expect(subjectMisfits(subject)).toEqual([])
  })

  it('are numbered from 1 without a hole, under one name', () => {
    for (const subject of subjects()) {
      const versions = schemaVersions(subject)
      expect(versions.map((v) => v.version)).toEqual(versions.map((_, i) => i + 1))
      expect(new Set(versions.map((v) => registryName(v.text))).size).toBe(1)
      const folder = fileURLToPath(new URL(`../../../schemas/avro/${subject}`, import.meta.url))
      expect(readdirSync(folder)).toHaveLength(versions.length)
    }
  })

  it('follow the rule of their kind: full for features and scores, backward for what is in a log', () => {
    const full = subjects().filter((s) => compatibilityOf(s) === 'FULL_TRANSITIVE')
    expect(full).toEqual(['feature-record', 'mastery-score'])
    for (const s of subjects()) if (!full.includes(s)) expect(compatibilityOf(s)).toBe('BACKWARD_TRANSITIVE')
  })
})

describe('the check finds planted breaks', () => {
  it.each<[string, string[], string[], string[]]>([
    ['a field with a default', [schema(id), schema(id, added)], [], []],
    ['a field without a default', [schema(id), schema(id, bare)], ['2 reads 1'], ['2 reads 1']],
    ['a field with a default taken away', [schema(id, added), schema(id)], [], []],
    ['a field without a default taken away', [schema(id, bare), schema(id)], [], ['1 reads 2']],
    ['a field renamed', [schema(id), schema({ ...id, name: 'key' })], ['2 reads 1'], ['1 reads 2', '2 reads 1']],
    ['another type', [schema(id), schema({ ...id, type: 'long' })], ['2 reads 1'], ['1 reads 2', '2 reads 1']],
    ['a wider type', [schema({ ...id, type: 'int' }), schema({ ...id, type: 'long' })], [], ['1 reads 2']],
    ['null no longer allowed', [schema({ ...id, type: ['null', 'string'] }), schema(id)], ['2 reads 1'], ['2 reads 1']],
    ['a symbol more, with a fallback', [schema(kind(['a', 'u'], 'u')), schema(kind(['a', 'b', 'u'], 'u'))], [], []],
    ['a symbol more, without a fallback', [schema(kind(['a'])), schema(kind(['a', 'b']))], [], ['1 reads 2']],
    [
      'a symbol less, without a fallback',
      [schema(kind(['a', 'b'])), schema(kind(['a']))],
      ['2 reads 1'],
      ['2 reads 1'],
    ],
    [
      'a break that only versions two apart have',
      [schema(id, { ...bare, type: 'string' }), schema(id), schema(id, added)],
      ['3 reads 1'],
      ['1 reads 2', '1 reads 3', '3 reads 1'],
    ],
  ])('%s', (_name, texts, backward, full) => {
    expect(pairs(texts, 'BACKWARD_TRANSITIVE')).toEqual(backward)
    expect(pairs(texts, 'FULL_TRANSITIVE')).toEqual(full)
  })

  it('in our own subjects too', () => {
    for (const subject of subjects()) {
      const text = schemaVersions(subject).at(-1)!.text
      const next = JSON.parse(text) as { fields: Field[] }
      next.fields.push({ name: 'planted', type: 'string' })
      expect(misfits([text, JSON.stringify(next)], 'BACKWARD_TRANSITIVE')).toHaveLength(1)
    }
  })
})
