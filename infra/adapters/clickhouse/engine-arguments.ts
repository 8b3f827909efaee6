/**
 * Arguments of every engine that runs inside a process of ours. Its background pool has two threads, and room for four
 * tasks where this is left alone; when the room is taken, whoever wants to add a task sleeps for up to a second. Every
 * part of a table is such a task of a DELETE: one over 20 parts took 2 s, and takes 0.05 s with room for 64. The
 * threads stay two.
 */
export const ENGINE_ARGUMENTS: readonly string[] = ['--background_merges_mutations_concurrency_ratio=32']
