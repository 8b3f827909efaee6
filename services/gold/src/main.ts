import { runService } from '@mastery/infra/runtime/process.ts'
import { stageProcess } from '@mastery/infra/runtime/stage-process.ts'
import { goldService } from './service.ts'

await runService('gold', async (installation, fail) => {
  const gold = await installation.openGold()
  const running = await stageProcess(installation, goldService(installation, gold, installation.profile, fail))
  return {
    async stop() {
      await running.stop()
      await gold.close()
    },
  }
})
