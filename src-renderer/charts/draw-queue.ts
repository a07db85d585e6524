/** Milliseconds of drawing after which the page gets a turn; one chart is never cut in two. */
const BUDGET = 8

const waiting = new Set<() => void>()
let scheduled = 0

function run(): void {
  scheduled = 0
  const start = performance.now()
  for (const draw of waiting) {
    waiting.delete(draw)
    draw()
    if (performance.now() - start > BUDGET) break
  }
  if (waiting.size > 0) scheduled = requestAnimationFrame(run)
}

/** Draws a chart in one of the next frames; asked again before that, still once. Many charts are spread over several frames. */
export function drawSoon(draw: () => void): void {
  waiting.add(draw)
  scheduled ||= requestAnimationFrame(run)
}

/** Forgets a chart that is gone. */
export function dontDraw(draw: () => void): void {
  waiting.delete(draw)
}
