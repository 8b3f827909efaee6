/**
 * What `make` gives, once per artefact: predictions for a handful of rows must not cost a look at every item there is.
 * Artefacts are never changed after they were read.
 */
export function once<A extends object, R>(make: (artefact: A) => R): (artefact: A) => R {
  const made = new WeakMap<A, R>()
  return (artefact) => {
    let found = made.get(artefact)
    if (found === undefined) {
      found = make(artefact)
      made.set(artefact, found)
    }
    return found
  }
}
