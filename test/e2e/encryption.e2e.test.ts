import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { mastery, masteryOk, sqlRows } from '../processes/cli.ts'

const KEY = '0123456789abcdef'.repeat(4)
const ITEM = 'question-that-can-be-told-apart'

/** Files under a folder whose bytes hold one of the texts. */
function holding(dir: string, texts: readonly string[]): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((f) => join(dir, f))
    .filter((f) => statSync(f).isFile())
    .filter((f) => {
      const bytes = readFileSync(f)
      return texts.some((t) => bytes.includes(t))
    })
}

describe('a data folder', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'encryption-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'answers.csv')
  writeFileSync(
    file,
    `student,item,topic,correct,occurred_at\n${Array.from(
      { length: 200 },
      (_, i) => `s${i % 4},${ITEM}-${i},fractions-and-ratios,${i % 2},2025-03-0${1 + (i % 9)}T10:00:${10 + (i % 50)}Z`,
    ).join('\n')}\n`,
  )
  const keyFile = join(folder, 'key')
  writeFileSync(keyFile, KEY, { mode: 0o600 })
  const load = ['import', '--format', 'csv', '--file', file, '--json']

  it('holds nothing in the clear with a data key, and everything without', async () => {
    const plain = { data: join(folder, 'plain') }
    const sealed = { data: join(folder, 'sealed'), env: { MASTERY_DATA_KEY_FILE: keyFile } }
    await masteryOk(load, plain)
    await masteryOk(load, sealed)
    const sql = 'SELECT event_id, student_id FROM learning_events ORDER BY event_id LIMIT 1'
    const of = async (place: typeof plain) => (await sqlRows<{ event_id: string; student_id: string }>(sql, place))[0]!
    const [a, b] = [await of(plain), await of(sealed)]
    const texts = (e: { event_id: string; student_id: string }) => [
      e.event_id,
      e.student_id,
      ITEM,
      'fractions-and-ratios',
    ]
    // Both stores of the plain folder hold such texts: the search would find them.
    const found = holding(plain.data, texts(a))
    expect(found.some((f) => f.includes('/log/'))).toBe(true)
    expect(holding(sealed.data, texts(b))).toEqual([])
    expect(holding(sealed.data, [KEY, Buffer.from(KEY, 'hex').toString('latin1')])).toEqual([])
    const [n] = await sqlRows<{ n: number }>('SELECT count() AS n FROM v_student_mastery', sealed)
    expect(Number(n!.n)).toBeGreaterThan(0)
  })

  it('is not opened without its key, nor with another one, and says so', async () => {
    const data = join(folder, 'sealed')
    const without = await mastery(['sql', 'SELECT 1'], { data })
    expect([without.code, without.err]).toEqual([2, expect.stringMatching(/is encrypted\. MASTERY_DATA_KEY_FILE/)])
    const other = join(folder, 'other')
    writeFileSync(other, 'ef'.repeat(32), { mode: 0o600 })
    const wrong = await mastery(['sql', 'SELECT 1'], { data, env: { MASTERY_DATA_KEY_FILE: other } })
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/was encrypted with the key/)])
    const late = await mastery(['sql', 'SELECT 1'], {
      data: join(folder, 'plain'),
      env: { MASTERY_DATA_KEY_FILE: keyFile },
    })
    expect([late.code, late.err]).toEqual([2, expect.stringMatching(/made without encryption/)])
  })
})
