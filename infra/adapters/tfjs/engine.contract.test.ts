import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { tensorEngineContract } from '@mastery/topology/testing/tensor-engine-contract.ts'
import { openTensorRuntime, type TfBackend } from './runtime.ts'

for (const backend of ['wasm', 'cpu'] satisfies TfBackend[])
  tensorEngineContract(backend, () => openTensorRuntime({ telemetry: SILENT, backends: [backend] }))
