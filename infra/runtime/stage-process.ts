import { createServer } from 'node:http'
import type { StageLike } from './generation-stages.ts'
import type { Installation } from './installation.ts'
import type { Service } from './process.ts'

/** A stage as a process: the stage, and its health on $PORT (any free port where it is not set). */
export async function stageProcess(installation: Installation, stage: StageLike): Promise<Service> {
  await stage.start()
  const server = createServer((req, res) => {
    if (req.url !== '/health') {
      res
        .writeHead(404, { 'Content-Type': 'application/json' })
        .end('{"error":{"code":"not_found","message":"This service has /health."}}')
      return
    }
    const problems = stage.problems()
    const rebuilding = stage.rebuilding()
    const status = problems.length > 0 ? 'stopped' : rebuilding.length > 0 ? 'rebuilding' : 'ok'
    stage.lag().then(
      (lag) =>
        res
          .writeHead(problems.length === 0 ? 200 : 503, { 'Content-Type': 'application/json' })
          .end(JSON.stringify({ service: stage.name, status, problems, rebuilding, lag })),
      (e: Error) =>
        res
          .writeHead(503, { 'Content-Type': 'application/json' })
          .end(JSON.stringify({ service: stage.name, status: 'log unavailable', problems: [e.message] })),
    )
  })
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(Number(process.env['PORT'] ?? 0), installation.profile.http.host, resolve),
  )
  return {
    async stop() {
      server.close()
      server.closeAllConnections()
      await stage.stop()
    },
  }
}
