/** Milliseconds of drawing after which control returns to the browser. */
const BUDGET = 8

/** A drawing in steps, between which it can be suspended. */
export type Drawing = () => Iterator<void>

const waiting = new Set<Drawing>()
let begun: { drawing: Drawing; steps: Iterator<void> } | null = null
let scheduled = false

interface Scheduler {
  postTask(task: () => void): Promise<void>
}

/** Continues as soon as the browser has had its turn, without waiting for a frame that was missed long ago. */
function afterTurn(task: () => void): void {
  const { scheduler } = globalThis as { scheduler?: Scheduler }
  if (scheduler) void scheduler.postTask(task)
  else setTimeout(task)
}

function next(): typeof begun {
  const [drawing] = waiting
  if (!drawing) return null
  waiting.delete(drawing)
  return { drawing, steps: drawing() }
}

function run(): void {
  scheduled = false
  const start = performance.now()
  try {
    do {
      const current = begun ?? next()
      if (!current) return
      // If a step throws, this drawing ends, and the others continue.
      begun = null
      if (!current.steps.next().done) begun = current
    } while (performance.now() - start < BUDGET)
  } finally {
    if (begun || waiting.size > 0) {
      scheduled = true
      afterTurn(run)
    }
  }
}

/**
 * Draws a chart in one of the next frames, once even if it is requested several times before. Long drawings, of one chart or of many, are
 * spread over several tasks, so that the page stays responsive.
 */
export function drawSoon(drawing: Drawing): void {
  waiting.add(drawing)
  if (scheduled) return
  scheduled = true
  requestAnimationFrame(run)
}

/** Cancels the drawing of a chart that was removed. */
export function dontDraw(drawing: Drawing): void {
  waiting.delete(drawing)
  if (begun?.drawing === drawing) begun = null
}
