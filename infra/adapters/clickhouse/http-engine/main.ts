import { readConfig } from './config.ts'
import { type HttpEngine, startHttpEngine } from './server.ts'

// Statements hold a thread of the pool while they run; its default of 4 would be the engine's real limit.
process.env['UV_THREADPOOL_SIZE'] ??= '16'

async function start(): Promise<HttpEngine> {
  try {
    const config = readConfig(process.env)
    const engine = await startHttpEngine(config)
    console.log(`ClickHouse engine over HTTP at ${engine.url}, tables in ${config.dataDir}`)
    return engine
  } catch (error) {
    console.error((error as Error).message)
    process.exit(1)
  }
}

const engine = await start()

let stopping = false
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) return
    stopping = true
    console.log(`${signal}: draining`)
    void engine.stop().then(() => process.exit(0))
  })
}
