import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventLogContract } from '@mastery/topology/testing/event-log-contract.ts'
import { carriedOutputsContract, stateStoreContract } from '@mastery/topology/testing/state-store-contract.ts'
import { afterAll } from 'vitest'
import { Environment } from './environment.ts'
import { EmbeddedLog } from './log.ts'
import { EmbeddedState } from './state.ts'

const root = mkdtempSync(join(tmpdir(), 'mastery-embedded-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const opener = (key: string | null) => async (place: string) => {
  const env = new Environment(join(root, key ? `sealed-${place}` : place), key)
  const log = new EmbeddedLog(env)
  return { log, state: new EmbeddedState(env, log), close: () => env.close() }
}

const KEY = 'k'.repeat(32)
eventLogContract('embedded', opener(null), false)
eventLogContract('embedded, encrypted', opener(KEY), false)
stateStoreContract('embedded', opener(null))
stateStoreContract('embedded, encrypted', opener(KEY))
carriedOutputsContract('embedded', opener(null))
carriedOutputsContract('embedded, encrypted', opener(KEY))
