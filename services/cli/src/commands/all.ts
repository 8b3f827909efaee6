import type { Command } from '../command.ts'
import { accessCommand } from './access.ts'
import { alertsCommand } from './alerts.ts'
import { apikeyCommand } from './apikey.ts'
import { behaviourCommand } from './behaviour.ts'
import { curriculumCommand } from './curriculum.ts'
import { deliveriesCommand } from './deliveries.ts'
import { driftCommand } from './drift.ts'
import { eraseCommand } from './erase.ts'
import { evaluateCommand } from './evaluate.ts'
import { exportCommand } from './export.ts'
import { generationsCommand } from './generations.ts'
import { importCommand } from './import.ts'
import { itemsCommand } from './items.ts'
import { jobsCommand } from './jobs.ts'
import { keysCommand } from './keys.ts'
import { modelsCommand } from './models.ts'
import { pipelineCommand } from './pipeline.ts'
import { progressCommand } from './progress.ts'
import { pseudonymCommand } from './pseudonym.ts'
import { readmitCommand } from './readmit.ts'
import { rebuildCommand } from './rebuild.ts'
import { recommendCommand } from './recommend.ts'
import { reconcileCommand } from './reconcile.ts'
import { rejectsCommand } from './rejects.ts'
import { replayCommand } from './replay.ts'
import { retentionCommand } from './retention.ts'
import { rosterCommand } from './roster.ts'
import { scoreCommand } from './score.ts'
import { simulateCommand } from './simulate.ts'
import { sqlCommand } from './sql.ts'
import { topicsCommand } from './topics.ts'
import { traceCommand } from './trace.ts'
import { trainCommand } from './train.ts'
import { validateJoinCommand } from './validate-join.ts'

/** Commands that work on an installation; `start`, `services` and `demo` make one and stand in main.ts. */
export const COMMANDS: readonly Command[] = [
  importCommand,
  simulateCommand,
  evaluateCommand,
  traceCommand,
  sqlCommand,
  rejectsCommand,
  rebuildCommand,
  reconcileCommand,
  replayCommand,
  generationsCommand,
  trainCommand,
  modelsCommand,
  curriculumCommand,
  rosterCommand,
  progressCommand,
  recommendCommand,
  scoreCommand,
  itemsCommand,
  driftCommand,
  behaviourCommand,
  alertsCommand,
  retentionCommand,
  deliveriesCommand,
  jobsCommand,
  topicsCommand,
  pipelineCommand,
  pseudonymCommand,
  apikeyCommand,
  keysCommand,
  eraseCommand,
  readmitCommand,
  exportCommand,
  validateJoinCommand,
  accessCommand,
]
