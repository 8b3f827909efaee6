import { loadDrift } from '@mastery/infra/config/drift.ts'
import { runService } from '@mastery/infra/runtime/process.ts'
import { stageProcess } from '@mastery/infra/runtime/stage-process.ts'
import { driftService } from './service.ts'

await runService(
  'drift',
  (installation, fail) =>
    stageProcess(installation, driftService(installation, installation.profile, loadDrift(), fail)),
  { validate: () => void loadDrift() },
)
