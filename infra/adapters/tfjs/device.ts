/** One TF.js backend: how it is started, and how one tells that it is gone. */
export interface Device {
  /** The backend's name in TF.js. */
  readonly name: string
  /** As the port names it. */
  readonly backend: string
  /** Card, instruction set: for people. */
  readonly about: string
  /** What failed on the device since it was started, outside of any call; null: nothing. */
  fault(): Error | null
  /** Throws the backend away and starts it anew: its tensors are lost. */
  restart(): Promise<void>
  close(): Promise<void>
}
