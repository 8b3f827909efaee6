import { runService } from '@mastery/infra/runtime/process.ts'
import { stageProcess } from '@mastery/infra/runtime/stage-process.ts'
import { alertsService } from './service.ts'

await runService('alerts', (installation, fail) =>
  stageProcess(installation, alertsService(installation, installation.profile, fail)),
)
