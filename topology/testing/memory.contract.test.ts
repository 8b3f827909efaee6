import { eventLogContract } from './event-log-contract.ts'
import { MemoryLog, MemoryState } from './memory.ts'
import { carriedOutputsContract, stateStoreContract } from './state-store-contract.ts'

function kept<T>(make: () => T): (place: string) => T {
  const places = new Map<string, T>()
  return (place) => {
    const found = places.get(place) ?? make()
    places.set(place, found)
    return found
  }
}

const close = async () => {}
const logs = kept(() => new MemoryLog())
const alone = kept(() => new MemoryState())
const together = kept(() => {
  const log = new MemoryLog()
  return { log, state: new MemoryState(log) }
})

eventLogContract('memory', async (place) => ({ log: logs(place), close }))
stateStoreContract('memory', async (place) => ({ state: alone(place), close }))
stateStoreContract('memory that carries outputs', async (place) => ({ ...together(place), close }))
carriedOutputsContract('memory that carries outputs', async (place) => ({ ...together(place), close }))
