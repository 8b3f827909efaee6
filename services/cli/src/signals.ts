/** Resolves with the name of the first signal that asks this process to stop; the second one ends it at once. */
export function signalled(): Promise<string> {
  return new Promise((resolve) => {
    for (const s of ['SIGINT', 'SIGTERM'] as const)
      process.once(s, () => {
        resolve(s)
        process.once(s, () => process.exit(1))
      })
  })
}
