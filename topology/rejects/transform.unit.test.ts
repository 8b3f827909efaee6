import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Fix, parseFix } from './fix.ts'
import { isFor, transform, transformText } from './transform.ts'

function fixOf(operations: unknown[], match: unknown = {}): Fix {
  const fix = parseFix({ name: 'test', operations, match })
  if ('problems' in fix) throw new Error(fix.problems.join('; '))
  return fix
}

/** The value after the operations. */
function after(value: unknown, ...operations: unknown[]): unknown {
  const { value: out, problems } = transform(fixOf(operations), value)
  expect(problems).toEqual([])
  return out
}

describe('operations of a fix', () => {
  it.each<[string, unknown, unknown, unknown]>([
    ['set, also deeper than there is', { a: 1 }, { op: 'set', path: '/b/c', value: [2] }, { a: 1, b: { c: [2] } }],
    ['default where something stands', { a: 0 }, { op: 'default', path: '/a', value: 7 }, { a: 0 }],
    ['default where null stands', { a: null }, { op: 'default', path: '/a', value: 7 }, { a: 7 }],
    ['delete', { a: 1, b: 2 }, { op: 'delete', path: '/a' }, { b: 2 }],
    ['delete of elements', { a: [1, 2, 3] }, { op: 'delete', path: '/a/*' }, { a: [] }],
    ['rename', { score: 7 }, { op: 'rename', from: '/score', to: '/points/given' }, { points: { given: 7 } }],
    ['rename of what is not there', { a: 1 }, { op: 'rename', from: '/b', to: '/c' }, { a: 1 }],
    ['copy', { a: { b: 1 } }, { op: 'copy', from: '/a', to: '/c' }, { a: { b: 1 }, c: { b: 1 } }],
    ['number', { a: ' 0.8 ' }, { op: 'number', path: '/a' }, { a: 0.8 }],
    ['number in German', { a: '1.234,5' }, { op: 'number', path: '/a', decimal: ',', group: '.' }, { a: 1234.5 }],
    ['boolean', { a: 'Yes' }, { op: 'boolean', path: '/a' }, { a: true }],
    [
      'boolean by words',
      { a: 'falsch' },
      { op: 'boolean', path: '/a', true: 'richtig', false: 'falsch' },
      { a: false },
    ],
    ['trim of every element', { a: [' x ', 'y'] }, { op: 'trim', path: '/a/*' }, { a: ['x', 'y'] }],
    ['map', { kind: 'QUIZ' }, { op: 'map', path: '/kind', values: { QUIZ: 'quiz_attempt' } }, { kind: 'quiz_attempt' }],
    ['map of another', { kind: 'x' }, { op: 'map', path: '/kind', values: { QUIZ: 'quiz_attempt' } }, { kind: 'x' }],
    ['replace', { id: 'e 1 2' }, { op: 'replace', path: '/id', pattern: ' ', with: '-' }, { id: 'e-1-2' }],
    ['a name with a slash', { 'a/b': 1 }, { op: 'rename', from: '/a~1b', to: '/c' }, { c: 1 }],
  ])('%s', (_what, value, operation, wanted) => {
    expect(after(value, operation)).toEqual(wanted)
  })

  it.each([
    ['14.03.2025 18:30', 'd.M.yyyy H:mm', 'Europe/Berlin', '2025-03-14T17:30:00.000Z'],
    ['14.07.2025 18:30', 'd.M.yyyy H:mm', 'Europe/Berlin', '2025-07-14T16:30:00.000Z'],
    ['3/14/2025 12:05 AM', 'M/d/yyyy h:mm a', 'America/New_York', '2025-03-14T04:05:00.000Z'],
    ['2025-03-14 08:00:01.25', 'yyyy-MM-dd HH:mm:ss.SSS', 'UTC', '2025-03-14T08:00:01.250Z'],
    [1741939200, 'epoch_seconds', 'UTC', '2025-03-14T08:00:00.000Z'],
    ['1741939200000', 'epoch_milliseconds', 'UTC', '2025-03-14T08:00:00.000Z'],
  ])('timestamp %s as %s in %s', (given, format, zone, wanted) => {
    expect(after({ t: given }, { op: 'timestamp', path: '/t', format, zone })).toEqual({ t: wanted })
    const to = 'epoch_milliseconds'
    expect(after({ t: given }, { op: 'timestamp', path: '/t', format, zone, to })).toEqual({ t: Date.parse(wanted) })
  })

  it('run in their order, and say what changed in sum', () => {
    const fix = fixOf([
      { op: 'rename', from: '/score', to: '/points' },
      { op: 'number', path: '/points' },
      { op: 'set', path: '/score', value: { max: 10 } },
      { op: 'rename', from: '/points', to: '/score/given' },
    ])
    const { value, changes } = transform(fix, { id: 'e', score: '7' })
    expect(value).toEqual({ id: 'e', score: { max: 10, given: 7 } })
    expect(changes).toEqual([
      { path: '/score', before: '7', after: { max: 10 } },
      { path: '/score/given', before: undefined, after: 7 },
    ])
  })

  it.each([
    ['an object, whatever its fields are called', { op: 'boolean', path: '/o' }, /\/o is none of the words/],
    ['a number that is none', { op: 'number', path: '/a' }, /\/a is no number/],
    ['a time of another format', { op: 'timestamp', path: '/a', format: 'yyyy-MM-dd' }, /\/a is no time/],
    ['a day that no month has', { op: 'timestamp', path: '/d', format: 'd.M.yyyy' }, /\/d is no time/],
    ['a value outside of a closed map', { op: 'map', path: '/a', values: {}, others: 'refuse' }, /\/a has a value/],
    ['a place inside a text', { op: 'set', path: '/a/b', value: 1 }, /nothing can stand at \/a\/b/],
    ['an element beyond the list', { op: 'set', path: '/l/5', value: 1 }, /beyond the end/],
  ])('say what they cannot do: %s, without repeating it', (_what, operation, message) => {
    const { problems } = transform(fixOf([operation]), {
      a: 'Ada Lovelace',
      d: '31.02.2025',
      l: [],
      o: { toString: 1 },
    })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(message)
    expect(problems[0]).not.toMatch(/Ada|31\.02/)
  })

  it('mend text that is no JSON yet', () => {
    const fix = fixOf([
      { op: 'text', pattern: ':\\s{0,5}NaN', with: ':null' },
      { op: 'text', pattern: ',\\s{0,5}\\}', with: '}' },
    ])
    expect(JSON.parse(transformText(fix, '{"a": NaN, "b": 1, }'))).toEqual({ a: null, b: 1 })
  })

  it('are for the rejects that the fix names', () => {
    const reject = { code: 'bad_score', stage: 'collector', source: '/v1/events' }
    const matches = (match: unknown, value: unknown = { score: '0,8', topics: ['a', 'b'] }) =>
      isFor(fixOf([{ op: 'delete', path: '/x' }], match), reject, value)
    expect(matches({})).toBe(true)
    expect(matches({ code: ['bad_id', 'bad_score'], stage: 'collector', source: '/v1/events' })).toBe(true)
    expect(matches({ code: 'bad_id' })).toBe(false)
    expect(matches({ where: [{ path: '/score', is: 'text', pattern: '^\\d,\\d$' }] })).toBe(true)
    expect(matches({ where: [{ path: '/score', is: 'number' }] })).toBe(false)
    expect(matches({ where: [{ path: '/none', is: 'missing' }] })).toBe(true)
    expect(matches({ where: [{ path: '/topics/*', equals: 'b' }] })).toBe(true)
    expect(matches({ where: [{ path: '/score', equals: '0,9' }] })).toBe(false)
    const named = fixOf([{ op: 'delete', path: '/x' }], { where: [{ path: '/score', is: 'text' }] })
    expect(isFor(named, reject, undefined)).toBe(false)
  })
})

const PATHS = ['/a', '/b', '/a/b', '/l/*', '/l/0', '/l/1/a', '/__proto__', '/']
const anyPath = fc.constantFrom(...PATHS)
const anyOperation = fc.oneof(
  fc.record({ op: fc.constantFrom('set', 'default'), path: anyPath, value: fc.jsonValue({ maxDepth: 2 }) }),
  fc.record({ op: fc.constantFrom('delete', 'trim', 'number', 'boolean'), path: anyPath }),
  fc.record({
    op: fc.constantFrom('rename', 'copy'),
    from: fc.constantFrom('/a', '/b', '/l/0', '/a/b'),
    to: fc.constantFrom('/a', '/b', '/a/b', '/l/0'),
  }),
  fc.record({
    op: fc.constant('timestamp'),
    path: anyPath,
    format: fc.constantFrom('epoch_seconds', 'yyyy-MM-dd', 'd.M.yyyy H:mm'),
  }),
  fc.record({
    op: fc.constant('map'),
    path: anyPath,
    values: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 })),
  }),
  fc.record({
    op: fc.constant('replace'),
    path: anyPath,
    pattern: fc.constantFrom('a', '[0-9]{1,5}'),
    with: fc.string(),
  }),
)
const anyDocument = fc.oneof(
  fc.jsonValue({ maxDepth: 5 }),
  fc.record({
    a: fc.jsonValue({ maxDepth: 3 }),
    b: fc.jsonValue({ maxDepth: 2 }),
    l: fc.oneof(fc.array(fc.jsonValue({ maxDepth: 2 })), fc.jsonValue({ maxDepth: 2 })),
  }),
)

describe('any fix on any document', () => {
  it('never throws, leaves its input alone, and gives JSON', () => {
    fc.assert(
      fc.property(anyDocument, fc.array(anyOperation, { minLength: 1, maxLength: 6 }), (document, operations) => {
        const before = JSON.stringify(document)
        const { value } = transform(fixOf(operations), document)
        expect(JSON.stringify(document)).toBe(before)
        expect(() => JSON.parse(JSON.stringify(value))).not.toThrow()
      }),
      { numRuns: 1000 },
    )
  })

  it('leaves fields alone that no operation names', () => {
    const fields = fc.dictionary(fc.stringMatching(/^[m-z]{1,6}$/), fc.jsonValue({ maxDepth: 3 }))
    fc.assert(
      fc.property(
        fields,
        anyDocument,
        fc.array(anyOperation, { minLength: 1, maxLength: 6 }),
        (kept, other, operations) => {
          const named = typeof other === 'object' && other !== null && !Array.isArray(other) ? other : {}
          const document = { ...named, ...kept }
          const { value } = transform(fixOf(operations), document)
          for (const [name, v] of Object.entries(kept)) expect((value as Record<string, unknown>)[name]).toEqual(v)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('gives the same again where it is done again, for operations that say what a value is to be', () => {
    const settling = anyOperation.filter((o) => ['set', 'default', 'number', 'boolean', 'trim'].includes(o.op))
    fc.assert(
      fc.property(anyDocument, settling, (document, operation) => {
        const fix = fixOf([operation])
        const once = transform(fix, document)
        fc.pre(once.problems.length === 0)
        expect(transform(fix, once.value)).toEqual({ value: once.value, changes: [], problems: [] })
      }),
      { numRuns: 500 },
    )
  })
})
