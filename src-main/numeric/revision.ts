/**
 * Increased whenever the bits of a training run change: an operation, an order of summation, a random stream, an initialisation. Runs
 * record it, and studies take over a finished run only if it has the same revision.
 */
export const NUMERICS_REVISION = 1
