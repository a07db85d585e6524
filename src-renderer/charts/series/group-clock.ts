/** The time that a run took up to a step, at the points where it is known. */
export interface Elapsed {
  readonly length: number
  step(i: number): number
  /** In any unit, 0 at step 0. */
  elapsed(i: number): number
}

/** To be called at ascending steps; interpolates linearly between two points, NaN after the last. */
class RunClock {
  #next = 0

  constructor(readonly run: Elapsed) {}

  get known(): boolean {
    return this.run.length > 0 && Number.isFinite(this.run.elapsed(0))
  }

  at(step: number): number {
    const { run } = this
    while (this.#next < run.length && run.step(this.#next) < step) this.#next += 1
    if (this.#next >= run.length) return NaN
    const [x1, y1] = [run.step(this.#next), run.elapsed(this.#next)]
    if (x1 === step) return y1
    const [x0, y0] = this.#next > 0 ? [run.step(this.#next - 1), run.elapsed(this.#next - 1)] : [0, 0]
    return y0 + ((step - x0) / (x1 - x0)) * (y1 - y0)
  }
}

/**
 * The elapsed time of a group of runs: from one step to the next it advances by the mean of what those runs took that were still running.
 * It therefore never decreases when a slow run ends before the others, as the mean of their times would.
 */
export class GroupClock {
  readonly #clocks: RunClock[]
  #before: number[]

  /** Starts the clock at a step at which it read `elapsed`. */
  constructor(
    runs: readonly Elapsed[],
    step: number,
    private elapsed: number,
  ) {
    this.#clocks = runs.map((run) => new RunClock(run)).filter(({ known }) => known)
    this.#before = this.#clocks.map((clock) => (step > 0 ? clock.at(step) : 0))
  }

  /** The time at a step above that of the last call; NaN if no run knows it. */
  at(step: number): number {
    if (this.#clocks.length === 0) return NaN
    const now = this.#clocks.map((clock) => clock.at(step))
    let sum = 0
    let count = 0
    now.forEach((value, i) => {
      const took = value - (this.#before[i] as number)
      if (!Number.isFinite(took)) return
      sum += took
      count += 1
    })
    this.#before = now
    if (count > 0) this.elapsed += sum / count
    return this.elapsed
  }
}
