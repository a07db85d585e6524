import { appendFileSync } from 'node:fs'

/** `npm run torture` provides other seeds, more cases than the tests have by default, and a file for counts. */
const { RETRACE_TORTURE_SEED: seed, RETRACE_TORTURE_CASES: cases, RETRACE_TORTURE_COUNTS: counts } = process.env

export const tortureSeed = (usual: number): number => (seed === undefined ? usual : Number(seed))
export const tortureCases = (usual: number): number => (cases === undefined ? usual : Math.ceil(usual * Number(cases)))

/** Adds to the counts reported by the command. */
export function tally(what: string, count: number): void {
  if (counts !== undefined) appendFileSync(counts, `${JSON.stringify({ what, count })}\n`)
}
