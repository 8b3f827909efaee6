import { loadDelivery } from '@mastery/infra/config/delivery.ts'
import { runService } from '@mastery/infra/runtime/process.ts'
import { stageProcess } from '@mastery/infra/runtime/stage-process.ts'
import { notifyParts } from './process.ts'

await runService(
  'notify',
  async (installation, fail) => {
    const parts = await notifyParts(installation, loadDelivery(process.env), fail)
    const served = await stageProcess(installation, parts)
    return {
      async stop() {
        await served.stop()
        await parts.close()
      },
    }
  },
  { validate: () => void loadDelivery(process.env) },
)
