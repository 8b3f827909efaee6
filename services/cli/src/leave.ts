// A reader that has seen enough (`| head`) closes its end; that is no failure of the command.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

/** Ends this process once its output is written: process.exit drops what a pipe has not taken yet. */
export async function leave(code: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) await new Promise<void>((r) => stream.write('', () => r()))
  process.exit(code)
}
