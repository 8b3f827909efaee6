import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { REJECT_CODES } from './codes.ts'
import { parseFix } from './fix.ts'
import { patternProblem } from './pattern.ts'

function problems(json: unknown): string[] {
  const fix = parseFix(json)
  return 'problems' in fix ? fix.problems : []
}

describe('a fix from JSON', () => {
  it('is refused with everything that is wrong with it', () => {
    const found = problems({
      name: 'Not A Name',
      wat: 1,
      match: { code: 7, where: [{ path: 'score' }, { path: '/a', is: 'date' }] },
      operations: [
        { op: 'eval', code: 'x' },
        { op: 'set', path: '/a' },
        { op: 'rename', from: '/l/*', to: '/b' },
        { op: 'number', path: '/a', decimal: ';', group: '11' },
        { op: 'timestamp', path: '/a', format: 'HH:mm', zone: 'UTC' },
        { op: 'timestamp', path: '/a', format: 'yyyy-MM-dd', zone: 'Mars/Olympus' },
        { op: 'replace', path: '/a', pattern: '(a+)+b', with: '' },
        { op: 'trim', path: '/a', extra: true },
      ],
    })
    for (const wrong of [
      /^name is not of/,
      /^wat is not known/,
      /^match\.code is neither/,
      /^match\.where\[0\]\.path is no JSON pointer/,
      /^match\.where\[0\]\.path has no condition/,
      /^match\.where\[1\]\.is is none of/,
      /^operations\[0\]\.op is none of set, default/,
      /^operations\[1\]\.value is missing/,
      /^operations\[2\]\.from names many places/,
      /^operations\[3\]\.decimal is none of/,
      /^operations\[3\]\.group is no single/,
      /^operations\[4\]\.format .* lacks the year/,
      /^operations\[5\]\.format .* zone "Mars\/Olympus" is not known/,
      /^operations\[6\]\.pattern repeats without a bound/,
      /^operations\[7\]\.extra is not known/,
    ])
      expect(
        found.filter((p) => wrong.test(p)),
        String(wrong),
      ).toHaveLength(1)
  })

  it('needs a name and something to do', () => {
    expect(problems({})).toEqual([
      expect.stringMatching(/^name is missing/),
      expect.stringMatching(/^operations is empty/),
    ])
    expect(problems([])).toContain('a fix is no object')
  })

  it('never throws on anything', () => {
    const anyOp = fc.dictionary(
      fc.constantFrom('op', 'path', 'from', 'to', 'value', 'format', 'zone', 'pattern'),
      fc.anything(),
    )
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.record({ name: fc.anything(), operations: fc.array(anyOp) })), (json) => {
        expect(parseFix(json)).toBeTypeOf('object')
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the fixes that come with it', () => {
  const folder = new URL('../../configs/fixes/', import.meta.url)
  it.each(readdirSync(folder))('%s is sound, has its file name, and names codes that exist', (file) => {
    const fix = parseFix(JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
    expect('problems' in fix ? fix.problems : []).toEqual([])
    if ('problems' in fix) return
    expect(`${fix.name}.json`).toBe(file)
    expect(fix.about.length).toBeGreaterThan(20)
    for (const code of fix.match.code) expect(Object.keys(REJECT_CODES)).toContain(code)
  })
})

describe('a pattern', () => {
  it.each(['^[a-z]{2,8}$', '\\d{1,2}:\\d{2}', 'a|b', '(?:x)y?', '\\p{L}{1,5}', '[*+?]{3}', '\\*', 'x{0,9}?'])(
    '%s is bounded',
    (p) => expect(patternProblem(p)).toBeNull(),
  )
  it.each([
    ['(a+)+$', /without a bound/],
    ['.*', /without a bound/],
    ['a{2,}', /without a bound/],
    ['(ab){0,5}', /repeats a group/],
    ['(a)\\1', /refers back/],
    ['(?=a)b', /group other than/],
    ['a{0,99}b{0,99}', /too many ways/],
    ['[a-z', /no regular expression/],
    ['', /no text/],
    ['x'.repeat(201), /more than 200/],
  ])('%s is not taken', (p, why) => expect(patternProblem(p)).toMatch(why))

  it('ends soon on a long text that almost matches', () => {
    const pattern = /a{0,30}a{0,30}b/gu
    expect(patternProblem(pattern.source)).toBeNull()
    expect('a'.repeat(20_000).replace(pattern, '')).toHaveLength(20_000)
  })
})
