import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answersOf } from '@mastery/topology/evaluation/testing/answers.ts'
import { learnerContract } from '@mastery/topology/evaluation/testing/learner-contract.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT, runScript } from '../processes/cli.ts'
import { TOY } from './toy-learner/learner.ts'

const folder = mkdtempSync(join(tmpdir(), 'toy-'))
const tree = join(folder, 'tree')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** This repository with one folder more, and a line for it in the catalogue (the import that it needs, too). */
function treeWithToy(): void {
  const layers = ['schemas', 'topology', 'infra', 'services', 'configs']
  for (const layer of layers) cpSync(join(ROOT, layer), join(tree, layer), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(tree, 'package.json'))
  const packages = join(tree, 'node_modules')
  mkdirSync(join(packages, '@mastery'), { recursive: true })
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (name !== '@mastery') symlinkSync(join(ROOT, 'node_modules', name), join(packages, name))
  for (const name of readdirSync(join(ROOT, 'node_modules/@mastery'))) {
    const place = layers.includes(name) ? name : join('services', name)
    symlinkSync(join(tree, place), join(packages, '@mastery', name))
  }
  mkdirSync(join(tree, 'topology/learners/toy'))
  cpSync(join(import.meta.dirname, 'toy-learner/learner.ts'), join(tree, 'topology/learners/toy/learner.ts'))
  const catalog = join(tree, 'topology/learners/catalog.ts')
  const text = readFileSync(catalog, 'utf8')
  const added = text
    .replace('\nimport { TREES }', "\nimport { TOY } from './toy/learner.ts'\nimport { TREES }")
    .replace('\n  TREES,\n', '\n  TOY,\n  TREES,\n')
  expect(added.split('\n')).toHaveLength(text.split('\n').length + 2)
  writeFileSync(catalog, added)
}

const run = (...args: string[]) => runScript(join(tree, 'services/cli/src/main.ts'), args)

// What every learner must keep to, this one keeps to as well.
learnerContract('toy', () => TOY, { leastAuc: 0.55 })

describe('a learner that is one folder and a line', { timeout: 60_000 }, () => {
  beforeAll(() => {
    treeWithToy()
    const rows = answersOf(8, { students: 40, answers: 30 }).filter((a) => a.item !== null)
    const lines = rows.map(({ student, item, topics, at, correct }) =>
      [student, item, topics.join(';'), new Date(at).toISOString(), Number(correct)].join(','),
    )
    writeFileSync(join(folder, 'a.csv'), `student,item,topic,occurred_at,correct\n${lines.join('\n')}\n`)
  })

  it('is offered, trained, kept with its card, loaded and evaluated like any other', async () => {
    const out = join(folder, 'out')
    const trained = await run(
      ...['train', '--models', 'toy', '--format', 'csv', '--train', join(folder, 'a.csv')],
      ...['--out', out, '--draws', '40', '--json'],
    )
    expect([trained.code, trained.err]).toEqual([0, expect.not.stringContaining('Error')])
    const [{ model, version, metrics }] = JSON.parse(trained.out)
    expect(model).toBe('toy')
    expect(metrics.auc).toBeGreaterThan(0.55)
    expect(readFileSync(join(out, 'toy', version, 'CARD.md'), 'utf8')).toContain(TOY.about)
    const evaluated = await run(
      ...['evaluate', '--format', 'csv', '--test', join(folder, 'a.csv'), '--load', join(out, 'toy', version)],
      ...['--draws', '40', '--json'],
    )
    expect(evaluated.err).not.toContain('Error')
    expect(JSON.parse(evaluated.out).models[`toy ${version}`]).toMatchObject({ about: TOY.about, source: 'loaded' })
  })
})
