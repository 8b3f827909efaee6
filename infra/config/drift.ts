import { join, resolve } from 'node:path'
import type { DriftPolicy } from '@mastery/topology/drift/policy.ts'
import { z } from 'zod'
import { ConfigError, parseFile } from './profile.ts'

const FILE = join(resolve(import.meta.dirname, '../..'), 'configs/drift.json')
const positive = z.number().gt(0)
const monthDay = z.int().min(101).max(1231)
const FileSchema = z.strictObject({
  bucketHours: z.int().min(1).max(24),
  latenessHours: z.int().min(0).max(168),
  lateDays: z.int().min(0).max(90),
  featureDays: z.array(z.int().min(1)).min(1),
  floors: z.strictObject({
    psi: positive,
    js: positive,
    ks: positive,
    wasserstein: positive,
    residual: positive,
    logLoss: positive,
    brier: positive,
    ece: positive,
    volume: positive,
  }),
  falseDiscovery: z.number().gt(0).lt(0.5),
  leastRows: z.int().min(30),
  leastIndependent: z.int().min(1),
  countWindow: z.int().min(100),
  referenceWindows: z.int().min(3).max(26),
  gapWindows: z.int().min(0).max(8),
  terms: z.array(z.strictObject({ name: z.string().min(1), from: monthDay, to: monthDay })),
  retraining: z.strictObject({
    enqueue: z.boolean(),
    cooldownDays: z.int().min(1),
    models: z.array(z.string().min(1)).min(1),
  }),
})

/** @throws ConfigError with every mistake */
export function loadDrift(file = FILE): DriftPolicy {
  const policy: DriftPolicy = parseFile(FileSchema, file)
  if (24 % policy.bucketHours !== 0)
    throw new ConfigError(`${file}: bucketHours is ${policy.bucketHours}; a day must hold a whole number of buckets.`)
  const names = policy.terms.map((t) => t.name)
  const twice = names.find((n, i) => names.indexOf(n) !== i)
  if (twice !== undefined) throw new ConfigError(`${file}: two terms are called "${twice}".`)
  return policy
}
