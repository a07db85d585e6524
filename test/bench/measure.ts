import type { CDPSession, Page } from 'playwright-core'

/** The percentile of sorted values (nearest rank). */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN
}

/**
 * Reports when the lines of any chart were drawn, once all of them are on its canvas, and whether within an animation frame: if so, they
 * are on the screen with the next frame; otherwise with the one after.
 */
export const WATCH_DRAWING = `
  const nextFrame = window.requestAnimationFrame.bind(window)
  let within = false
  window.requestAnimationFrame = (callback) => nextFrame((time) => {
    within = true
    try { callback(time) } finally { within = false }
  })
  const original = CanvasRenderingContext2D.prototype.drawImage
  CanvasRenderingContext2D.prototype.drawImage = function (...args) {
    if (this.canvas.classList.contains('lines') && window.onDrawn) {
      const shown = window.onDrawn
      window.onDrawn = null
      if (within) nextFrame(shown)
      else nextFrame(() => nextFrame(shown))
    }
    return original.apply(this, args)
  }
`

/** Milliseconds from an action in the page until its first drawing of lines is on the screen. */
export const timeToFrame = (page: Page, action: string): Promise<number> =>
  page.evaluate<number>(`new Promise((resolve, reject) => {
    const start = performance.now()
    const late = setTimeout(() => reject(new Error('nothing was drawn')), 30000)
    window.onDrawn = () => {
      clearTimeout(late)
      resolve(performance.now() - start)
    }
    ${action}
  })`)

interface TraceEvent {
  name: string
  ph: string
  dur?: number
  /** The part in which the thread was running and not waiting for a core. */
  tdur?: number
  pid: number
  tid: number
  args?: { name?: string }
}

export interface Task {
  /** Milliseconds from start to end. */
  wall: number
  /** Milliseconds for which the thread ran: the part of `wall` that remains on an otherwise idle machine. */
  cpu: number
}

/** Every task of the page's main thread while the work runs, from the browser's own trace. */
export async function mainThreadTasks(session: CDPSession, work: () => Promise<void>): Promise<Task[]> {
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => void events.push(...(value as unknown as TraceEvent[])))
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'disabled-by-default-devtools.timeline', '__metadata'] },
  })
  await work()
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.end')
  await complete
  const tasks = events.filter(
    ({ name, ph, dur }) => ph === 'X' && dur !== undefined && (name === 'RunTask' || name === 'ThreadControllerImpl::RunTask'),
  )
  const mains = new Set(
    events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const byThread = new Map<string, Task[]>()
  for (const { pid, tid, dur = 0, tdur, name } of tasks) {
    const thread = `${pid} ${tid} ${name}`
    if (mains.has(`${pid} ${tid}`)) byThread.set(thread, [...(byThread.get(thread) ?? []), { wall: dur / 1000, cpu: (tdur ?? dur) / 1000 }])
  }
  // A window has one busy renderer; others of the browser are idle.
  const total = (list: Task[]): number => list.reduce((sum, { wall }) => sum + wall, 0)
  return [...byThread.values()].sort((a, b) => total(b) - total(a))[0] ?? []
}

/** Bytes held by JavaScript objects and array buffers after a garbage collection. */
export async function heapAfterCollection(session: CDPSession): Promise<{ objects: number; buffers: number }> {
  await session.send('HeapProfiler.collectGarbage')
  await session.send('HeapProfiler.collectGarbage')
  const usage = (await session.send('Runtime.getHeapUsage')) as { usedSize: number; backingStorageSize?: number }
  return { objects: usage.usedSize, buffers: usage.backingStorageSize ?? 0 }
}
