import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/** A file that is there when it is finished, or not at all; what stood under its name stays until then. */
export class WholeFile {
  private readonly path: string
  private readonly beside: string
  private readonly fd: number

  /** @throws Error that says what to do, where nothing can be written there */
  constructor(path: string) {
    this.path = path
    this.beside = `${path}.${process.pid}.part`
    try {
      this.fd = openSync(this.beside, 'w', 0o600)
    } catch (e) {
      throw new Error(`${path} can't be written: ${(e as Error).message}. Choose another place.`, { cause: e })
    }
  }

  write(text: string): void {
    writeSync(this.fd, text)
  }

  finish(): void {
    closeSync(this.fd)
    renameSync(this.beside, this.path)
  }

  discard(): void {
    closeSync(this.fd)
    rmSync(this.beside, { force: true })
  }
}
