import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { tensorEngineContract } from '@mastery/topology/testing/tensor-engine-contract.ts'
import { describe, it } from 'vitest'
import { openOnnxEngine } from './engine.ts'

const engine = await openOnnxEngine({ telemetry: SILENT })

if (engine !== null) tensorEngineContract('onnx', async () => engine)
else
  describe('tensor engine onnx', () => {
    it('not run: onnxruntime-node is not installed', (context) => context.skip('not run: onnxruntime-node is absent'))
  })
