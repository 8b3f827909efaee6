import { join, resolve } from 'node:path'
import { z } from 'zod'
import { parseFile } from './profile.ts'

const FILE = join(resolve(import.meta.dirname, '../..'), 'configs/training.json')
const FileSchema = z.strictObject({ label_weight: z.number().min(0).max(100) })

export interface TrainingConfig {
  /** What a teacher's judgement of a topic counts in the fit of trees, in answers; 0: nothing. */
  labelWeight: number
}

/** @throws ConfigError with every mistake */
export function loadTraining(file = FILE): TrainingConfig {
  return { labelWeight: parseFile(FileSchema, file).label_weight }
}
