import { describe, expect, it } from 'vitest'
import { readOptions, UsageError } from './options.ts'

describe('options of the simulation', () => {
  it('are read in both spellings', () => {
    expect(readOptions(['--seed', '7', '--schedules=30', '--json', '--mutant', 'skip-fence', '--pairs', '0'])).toEqual({
      seed: 7,
      schedules: 30,
      crashPoints: 'all',
      pairs: 0,
      mutant: 'skip-fence',
      json: true,
      trace: false,
      help: false,
    })
    expect(readOptions(['--crash-points', '12:before,40:lost']).crashPoints).toEqual([
      [12, 'before'],
      [40, 'lost'],
    ])
  })

  it.each([
    [['--shedules', '3'], /no option --shedules/],
    [['--seed', 'x'], /--seed needs a whole number, it has x/],
    [['--schedules'], /it has nothing/],
    [['--mutant', 'kill'], /no mutant kill; there are skip-fence, /],
    [['--crash-points', '12:never'], /"12:never" is none of it/],
  ])('%s is refused with a reason', (args, why) => {
    expect(() => readOptions(args)).toThrow(UsageError)
    expect(() => readOptions(args)).toThrow(why)
  })
})
