/**
 * The generation that readers see: the newest change to `active` wins, 0 before the first. A scalar subquery is
 * computed once per query, before the rows are read.
 */
export const ACTIVE =
  "generation = (SELECT ifNull(argMaxOrNull(generation, changed_at), 0) FROM generations FINAL WHERE status = 'active')"
