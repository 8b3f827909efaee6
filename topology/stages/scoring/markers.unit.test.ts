import { describe, expect, it } from 'vitest'
import { hash53 } from '../../events/hash.ts'
import { ParametersNotLoaded, provideParameters } from '../../models/parameters.ts'
import { answer, DAY_ZERO, eventInput, MINUTE, marker } from '../../testing/learner-log.ts'
import { bothStages, type DriverOptions, type Input, TopologyDriver } from '../../testing/topology-driver.ts'

const FITTED = {
  default: { prior: 0.4, learn: 0.3, slip: 0.05, guess: 0.25 },
  topics: { ratios: { prior: 0.9, learn: 0.1, slip: 0.02, guess: 0.3 } },
}
const at = (i: number, student = 'student-1', topic = `topic-${i}`) =>
  eventInput(answer(`${student} ${i}`, { student, topics: [topic], occurred_at: DAY_ZERO + i * MINUTE }))
const drive = (log: Input[], options: DriverOptions = {}) => new TopologyDriver(bothStages(), options).send(...log)
const bkt = (d: TopologyDriver) =>
  d.scores().flatMap((s) => s.predictions.filter((p) => p.model === 'bkt').map((p) => [p.version, p.p]))

describe('markers', () => {
  it('switch parameters exactly at the activation, in every partition', () => {
    const log = [
      at(1),
      marker('prepare', 'bkt', 'fitted-1', FITTED),
      at(2),
      marker('activate', 'bkt', 'fitted-1'),
      at(3),
      at(4, 'student-2', 'ratios'),
      at(5, 'student-9'),
    ]
    const expected = [
      ['bkt-default-1', 0.1 * 0.9 + 0.9 * 0.2],
      ['bkt-default-1', 0.1 * 0.9 + 0.9 * 0.2],
      ['fitted-1', 0.4 * 0.95 + 0.6 * 0.25],
      ['fitted-1', 0.9 * 0.98 + (1 - 0.9) * 0.3],
      ['fitted-1', 0.4 * 0.95 + 0.6 * 0.25],
    ]
    for (const options of [{}, { partitions: 4 }, { cut: () => true }]) {
      const d = drive(log, options)
      expect(bkt(d)).toEqual(expected)
      expect(d.deadLetters()).toEqual([])
    }
  })

  it('that come again after the next ones do not bring the old version back', () => {
    const first = [marker('prepare', 'bkt', 'fitted-1', FITTED), marker('activate', 'bkt', 'fitted-1')]
    const second = [marker('prepare', 'bkt', 'plain'), marker('activate', 'bkt', 'plain')]
    for (const options of [{}, { cut: () => true }]) {
      const d = drive([...first, ...second, ...first, at(1), first[0]!, ...second, at(2)], options)
      expect(bkt(d).map(([version]) => version)).toEqual(['plain', 'plain'])
      expect(d.deadLetters()).toEqual([])
    }
  })

  it('name the versions that made a score', () => {
    const d = drive([marker('prepare', 'bkt', 'fitted-1', FITTED), marker('activate', 'bkt', 'fitted-1'), at(1)])
    expect(d.scores()[0]!.rows[0]!.scores.map((s) => s.version)).toEqual([
      'rule-default-1',
      'fitted-1',
      'elo-default-1',
      'blend-mean-1',
    ])
  })

  it('without a payload stand for the defaults under another name', () => {
    const d = drive([marker('prepare', 'bkt', 'plain'), marker('activate', 'bkt', 'plain'), at(1)])
    expect(bkt(d)).toEqual([['plain', 0.1 * 0.9 + 0.9 * 0.2]])
  })

  it('bring Elo its item difficulties', () => {
    const ELO = {
      ability: 0.4,
      abilityDecay: 0.05,
      topic: 0.6,
      topicDecay: 0.05,
      difficulty: { [hash53('item-1')]: 1 },
    }
    const d = drive([marker('prepare', 'elo', 'items', ELO), marker('activate', 'elo', 'items'), at(1)])
    expect(d.scores()[0]!.predictions.find((p) => p.model === 'elo')!.p).toBe(1 / (1 + Math.exp(1)))
  })

  it.each<[string, Input[], RegExp]>([
    [
      'activate what was not prepared',
      [marker('activate', 'bkt', 'x')],
      /was not prepared in this partition; send a prepare/,
    ],
    [
      'activate another version than was prepared',
      [marker('prepare', 'bkt', '1'), marker('activate', 'bkt', '2')],
      /Version 2 of bkt was not prepared/,
    ],
    [
      'name a model that does not exist',
      [marker('prepare', 'oracle', '1')],
      /no model "oracle"; the models that take versions are rule, bkt, elo, irt, /,
    ],
    [
      'give a trained model no artefact',
      [marker('prepare', 'blend', '1')],
      /blend has no version before one is trained/,
    ],
    [
      'bring parameters out of range',
      [marker('prepare', 'bkt', '1', { default: { prior: 2, learn: 0.1, slip: 0.1, guess: 0.1 } })],
      /"prior" must be a number from 0 to 1; it is 2/,
    ],
    [
      'bring guess and slip that sum to 1',
      [marker('prepare', 'bkt', '1', { default: { prior: 0.1, learn: 0.1, slip: 0.5, guess: 0.5 } })],
      /guess \+ slip must stay below 1/,
    ],
    [
      'bring a difficulty that is no number',
      [
        marker('prepare', 'elo', '1', {
          ability: 1,
          abilityDecay: 1,
          topic: 1,
          topicDecay: 1,
          difficulty: { 12: 'hard' },
        }),
      ],
      /"12" must be a number/,
    ],
    [
      'bring a difficulty for no item hash',
      [
        marker('prepare', 'elo', '1', {
          ability: 1,
          abilityDecay: 1,
          topic: 1,
          topicDecay: 1,
          difficulty: { 'item-1': 1 },
        }),
      ],
      /keyed by item hashes/,
    ],
  ])('are dead letters where they %s, and change nothing', (_name, log, message) => {
    const d = drive([...log, at(1)])
    expect(d.deadLetters()).toHaveLength(1)
    expect(d.deadLetters()[0]).toMatchObject({ stage: 'scoring', code: 'marker_refused' })
    expect(d.deadLetters()[0]!.message).toMatch(message)
    expect(bkt(d)).toEqual([['bkt-default-1', 0.1 * 0.9 + 0.9 * 0.2]])
  })

  it('are dead letters where their payload is no JSON', () => {
    const broken = marker('prepare', 'bkt', '1')
    ;(broken.value as { payload: string }).payload = '{'
    expect(drive([broken]).deadLetters()[0]!.code).toBe('marker_refused')
  })

  it('about other things than models, and ticks, flow on as they are', () => {
    const policy = marker('activate', 'alerts', '3')
    ;(policy.value as { subject: string }).subject = 'policy'
    const tick: Input = { subject: 'tick', value: { at: DAY_ZERO } }
    const d = drive([policy, tick], { partitions: 2 })
    expect(d.deadLetters()).toEqual([])
    for (const topic of ['learning.features', 'mastery.scores'] as const)
      expect(d.outputs(topic).map((o) => o.value)).toEqual([policy.value, policy.value, tick.value, tick.value])
  })
})

describe('ticks', () => {
  it('set the now of what follows, and never back', () => {
    const tick = (minutes: number): Input => ({ subject: 'tick', value: { at: DAY_ZERO + minutes * MINUTE } })
    const d = drive([at(1), tick(5), at(2), tick(3), at(3), tick(9), at(4)], { cut: () => true })
    const now = [0, 5, 5, 9].map((m) => (m === 0 ? 0 : DAY_ZERO + m * MINUTE))
    expect(d.features().map((f) => f.now)).toEqual(now)
    expect(d.scores().map((s) => s.now)).toEqual(now)
  })

  it('bring parameters that are too large to travel from the file that they name', () => {
    const text = JSON.stringify(FITTED)
    const file = { model: 'bkt', version: 'fitted-1', file: 'params.json', sha256: 'of-this-test' }
    const brought = [marker('prepare', 'bkt', 'fitted-1', { artefact: file }), marker('activate', 'bkt', 'fitted-1')]
    expect(() => drive([...brought, at(1)])).toThrow(ParametersNotLoaded)
    provideParameters(file, Buffer.from(text))
    const d = drive([...brought, at(1)])
    const travelled = drive([
      marker('prepare', 'bkt', 'fitted-1', FITTED),
      marker('activate', 'bkt', 'fitted-1'),
      at(1),
    ])
    expect(bkt(d)).toEqual(bkt(travelled))
  })

  it('are refused where the file that they name holds no parameters of the model', () => {
    const file = { model: 'bkt', version: 'x', file: 'params.json', sha256: 'no-parameters' }
    provideParameters(file, Buffer.from('{"default":{"prior":7}}'))
    const d = drive([...['bkt', 'elo'].map((m) => marker('prepare', m, 'x', { artefact: file })), at(1)])
    expect(d.deadLetters().map((l) => l.message)).toEqual([
      expect.stringContaining('prior'),
      expect.stringContaining('one of bkt, not of elo'),
    ])
  })
})
