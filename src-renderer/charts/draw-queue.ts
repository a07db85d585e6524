/** Milliseconds of drawing after which the page gets a turn. */
const BUDGET = 8

/** What is drawn step by step: whoever runs it may stop between two of them. */
export type Drawing = () => Iterator<void>

const waiting = new Set<Drawing>()
let begun: { drawing: Drawing; steps: Iterator<void> } | null = null
let scheduled = false

interface Scheduler {
  postTask(task: () => void): Promise<void>
}

/** As soon as the page has had its turn, without waiting for a frame that has long been missed. */
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
      // Where a step throws, this drawing is over, and the others go on.
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
 * Draws a chart in one of the next frames; asked again before that, still once. What takes longer, one chart or many, is spread over
 * several turns of the page.
 */
export function drawSoon(drawing: Drawing): void {
  waiting.add(drawing)
  if (scheduled) return
  scheduled = true
  requestAnimationFrame(run)
}

/** Forgets a chart that is gone. */
export function dontDraw(drawing: Drawing): void {
  waiting.delete(drawing)
  if (begun?.drawing === drawing) begun = null
}
