export class ActivationError extends Error {
  override name = 'ActivationError'
}
