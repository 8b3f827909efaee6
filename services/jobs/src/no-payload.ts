/** The `parse` of a job that is told nothing. `because`: where what one may want to say stands instead. */
export const noPayload =
  (because = '') =>
  (payload: unknown): null => {
    if (payload !== null) throw new Error(`It takes no payload${because === '' ? '' : `: ${because}`}.`)
    return null
  }
