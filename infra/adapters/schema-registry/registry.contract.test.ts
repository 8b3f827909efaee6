import { registryContract } from '@mastery/topology/testing/registry-contract.ts'
import { openCodec } from './registry.ts'

let kept: string[] = []
registryContract('mock://, with the order kept', () =>
  openCodec({
    url: 'mock://',
    order: {
      load: () => kept,
      save: (order) => {
        kept = order
      },
    },
  }),
)
