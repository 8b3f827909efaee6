import { historyFromGold } from '@mastery/infra/runtime/gold-history.ts'
import { runService } from '@mastery/infra/runtime/process.ts'
import { stageProcess } from '@mastery/infra/runtime/stage-process.ts'
import { featuresService } from './service.ts'

await runService('features', (installation, fail) => {
  // Opened when the log no longer has what is to be folded, and not before: this service does without gold.
  let gold: ReturnType<typeof installation.openGold> | null = null
  const history = historyFromGold(() => (gold ??= installation.openGold()), installation.log, installation.codec)
  return stageProcess(installation, featuresService(installation, installation.profile, fail, history))
})
