import { describe, expect, it } from 'vitest'
import { IMPORT_FORMATS, importFormat } from './formats.ts'
import { ImportError } from './importer.ts'
import { readAll } from './testing/read-all.ts'
import { TextImport } from './text-import.ts'

const context = { tenant: 'school', pseudonym: (id: string) => id }
const given = { fileName: 'answers.csv', companions: {}, options: {}, context }

describe('import formats', () => {
  it('are found by id', () => {
    expect(IMPORT_FORMATS.map(({ id }) => id)).toEqual([
      'csv',
      'assistments-gervet',
      'assistments-actions',
      'ednet-kt4',
      'riiid',
      'datashop',
      'edm-cup-2023',
    ])
    for (const format of IMPORT_FORMATS) expect(importFormat(format.id)).toBe(format)
  })

  it('are listed where the id is not known', () => {
    expect(() => importFormat('xls')).toThrow(ImportError)
    expect(() => importFormat('xls')).toThrow(/no import format 'xls'.*csv, assistments-gervet,.*edm-cup-2023/)
  })
})

describe('TextImport', () => {
  const text = 'student,item,topic,occurred_at,correct\r\ns,q,"a\r\nb",5,1\r\n,q,t,5,1\r\ns,q,t,5,1'

  it('gives the same outcomes for any size of chunk', () => {
    const whole = readAll(importFormat('csv'), text).outcomes
    expect(whole.map((o) => o.type)).toEqual(['event', 'reject', 'event'])
    for (const chunk of [1, 2, 7, 40]) expect(readAll(importFormat('csv'), text, { chunk }).outcomes).toEqual(whole)
  })

  it('says what is missing', () => {
    expect(() => new TextImport(importFormat('csv'), given).end()).toThrow(/answers.csv is empty.*header/)
    expect(() => new TextImport(importFormat('ednet-kt4'), given)).toThrow(/needs the file 'questions'.*Give it too/)
    expect(new TextImport(importFormat('edm-cup-2023'), given).end()).toEqual([])
  })
})
