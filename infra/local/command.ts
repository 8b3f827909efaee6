import { spawn } from 'node:child_process'

export type CommandResult = { code: number; output: string }

/**
 * Runs a command to its end; stdout and stderr together, its last 200,000 characters.
 * A command that cannot be started has code 127, one that ran past `limitMs` code 124.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { limitMs: number; cwd?: string; env?: Record<string, string> },
): Promise<CommandResult> {
  return new Promise((resolve) => {
    let output = ''
    let late = false
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-200_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, options.limitMs)
    child.once('error', (error) => {
      clearTimeout(timer)
      resolve({ code: 127, output: error.message })
    })
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({
        code: late ? 124 : (code ?? 1),
        output: late ? `${output}\nstopped after ${options.limitMs} ms` : output,
      })
    })
  })
}

/** The end of a command's output for an error's text, colour codes taken off. */
export function lastLines(output: string, lines = 12): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colour codes begin with ESC
  const plain = output.replace(/\u001b\[[0-9;]*m/g, '').trimEnd()
  return plain
    .split('\n')
    .slice(-lines)
    .map((line) => `    ${line.slice(0, 300)}`)
    .join('\n')
}
