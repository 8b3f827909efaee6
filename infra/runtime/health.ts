import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Answers GET /health on $PORT, any free port where it is not set: 200 with what `look` gives, 503 where it says that
 * not all is well or throws. An answer that takes more than four seconds is one that says so.
 */
export async function healthServer(
  host: string,
  service: string,
  look: () => Promise<{ ok: boolean } & Record<string, unknown>>,
): Promise<{ url: string; close(): void }> {
  const server = createServer((req, res) => {
    const answer = (status: number, body: Record<string, unknown>) =>
      res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    if (req.url !== '/health') {
      answer(404, { error: { code: 'not_found', message: 'This service has /health.' } })
      return
    }
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('The queue does not answer.')), 4_000)
    })
    Promise.race([look(), late])
      .then(
        ({ ok, ...rest }) => answer(ok ? 200 : 503, { service, status: ok ? 'ok' : 'stopped', ...rest }),
        (e: Error) => answer(503, { service, status: 'unavailable', problems: [e.message] }),
      )
      .finally(() => clearTimeout(timer))
  })
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(Number(process.env['PORT'] ?? 0), host, resolve),
  )
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${host}:${port}/health`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
