import { runService } from '@mastery/infra/runtime/process.ts'
import { stageProcess } from '@mastery/infra/runtime/stage-process.ts'
import { scoringService } from './service.ts'

await runService('scoring', (installation, fail) =>
  stageProcess(installation, scoringService(installation, installation.profile, fail)),
)
