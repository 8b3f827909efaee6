import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { civilTime, parseInstant, parseIso, syntheticTime } from './clock.ts'

describe('parseInstant', () => {
  it.each([
    ['2025-09-01T08:30:00Z', '2025-09-01T08:30:00.000Z'],
    ['2025-09-01 08:30:00', '2025-09-01T08:30:00.000Z'],
    ['2025-09-01T08:30:00+02:00', '2025-09-01T06:30:00.000Z'],
    ['2025-09-01T08:30:00.1239-0530', '2025-09-01T14:00:00.123Z'],
    ['2025-09-01T08:30:00,5+02', '2025-09-01T06:30:00.500Z'],
    ['2025-09-01T08:30z', '2025-09-01T08:30:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['1756715400', '2025-09-01T08:30:00.000Z'],
    ['1756715400.25', '2025-09-01T08:30:00.250Z'],
    ['1756715400250', '2025-09-01T08:30:00.250Z'],
    ['0', '1970-01-01T00:00:00.000Z'],
  ])('reads %s', (text, iso) => {
    expect(parseInstant(text)).toBe(Date.parse(iso))
  })

  it.each([
    '',
    'yesterday',
    '2025-13-01',
    '2025-02-29',
    '2025-09-00',
    '2025-12-32',
    '2025-09-01T24:00:00Z',
    '2025-09-01T10:60:00Z',
    '2025-09-01T10:00:60Z',
    '0000-01-01',
    '01/09/2025',
    '-5',
    '9999999999999999',
  ])('does not read %j', (text) => {
    expect(parseInstant(text)).toBeNull()
  })

  it('agrees with the engine on every time of the years 1 to 9999', () => {
    const min = new Date('0001-01-01T00:00:00Z')
    const max = new Date('9999-12-31T23:59:59.999Z')
    fc.assert(
      fc.property(fc.date({ min, max, noInvalidDate: true }), (date) => {
        expect(parseInstant(date.toISOString())).toBe(date.getTime())
      }),
    )
  })
})

describe('parseIso', () => {
  it('says whether an offset was given', () => {
    expect(parseIso('2025-09-01T08:30:00')).toEqual({ civil: Date.UTC(2025, 8, 1, 8, 30), offset: null })
    expect(parseIso('2025-09-01T08:30:00-01:30')?.offset).toBe(-5_400_000)
  })
})

describe('the synthetic clock', () => {
  it('puts the rows a minute apart', () => {
    expect(syntheticTime(2)).toBe(Date.parse('2009-09-01T00:00:00Z'))
    expect(syntheticTime(4) - syntheticTime(3)).toBe(60_000)
  })

  it('knows leap years', () => {
    expect(civilTime(1900, 2, 29, 0, 0, 0)).toBeNull()
    expect(civilTime(2000, 2, 29, 0, 0, 0)).toBe(Date.UTC(2000, 1, 29))
  })
})
