/** Thrown if a value has become NaN or infinite. */
export class Diverged extends Error {
  constructor(what: string, step: number, lastGood: number) {
    const advice = 'Try a smaller learning rate, gradient clipping or a smaller h.'
    super(
      `${what} at step ${step}; ${lastGood < 0 ? 'there is no checkpoint before it' : `the last checkpoint before it is at step ${lastGood}`}. ${advice}`,
    )
  }
}
