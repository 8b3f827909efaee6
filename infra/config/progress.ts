import { join, resolve } from 'node:path'
import { z } from 'zod'
import { ConfigError, parseFile } from './profile.ts'

const FILE = join(resolve(import.meta.dirname, '../..'), 'configs/progress.json')
const share = z.number().gt(0).lt(1)
const FileSchema = z.strictObject({
  mastered: share,
  stays: z.int().min(1).max(100),
  ready: share,
  success: share,
})

/** What counts as progress, and what recommendations aim at. */
export interface ProgressConfig {
  /** Blended mastery from which a topic counts as mastered. */
  mastered: number
  /** Opportunities on end for which it has to hold. */
  stays: number
  /** Mastery from which a topic lets those begin that build on it. */
  ready: number
  /** Share of right answers that recommended items aim at. */
  success: number
}

/** @throws ConfigError with every mistake */
export function loadProgress(file = FILE): ProgressConfig {
  const config = parseFile(FileSchema, file)
  if (config.ready > config.mastered)
    throw new ConfigError(
      `${file}: ready is ${config.ready}, above mastered, ${config.mastered}: topics that count as mastered would not let others begin.`,
    )
  return config
}
