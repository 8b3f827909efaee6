import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Fix, parseFix } from '@mastery/topology/rejects/fix.ts'
import { UsageError } from '../command.ts'

const FOLDER = resolve(import.meta.dirname, '../../../../configs/fixes')

/** Reads a fix from a file. Throws UsageError with everything that is wrong with it. */
export function readFix(path: string): Fix {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch (e) {
    throw new UsageError(`${path} can't be read as JSON: ${(e as Error).message.split('\n')[0]}`)
  }
  const fix = parseFix(json)
  if ('problems' in fix) throw new UsageError(`${path} is no fix: ${fix.problems.join('; ')}.`)
  return fix
}

/** The fix that was asked for: one of configs/fixes by its name, or a file. */
export function chosenFix(given: { with: string | undefined; fix: string | undefined }, cwd: string): Fix {
  if ((given.with === undefined) === (given.fix === undefined))
    throw new UsageError('Say how to fix it: --with NAME (one of configs/fixes) or --fix FILE.')
  if (given.fix !== undefined) return readFix(resolve(cwd, given.fix))
  const names = readdirSync(FOLDER)
    .filter((f) => f.endsWith('.json'))
    .map((f) => f.slice(0, -5))
  if (!names.includes(given.with!))
    throw new UsageError(`There is no fix "${given.with}"; configs/fixes has ${names.sort().join(', ')}.`)
  return readFix(join(FOLDER, `${given.with}.json`))
}
