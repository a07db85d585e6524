/** Receives the progress of the set-up. */
export interface Progress {
  /** Starts a stage; several may run at once. */
  stage(title: string): Stage
  note(line: string): void
}

export interface Stage {
  /** @param fraction 0..1, or null when unknown */
  update(fraction: number | null): void
  done(note?: string): void
  failed(note: string): void
}

interface Active {
  title: string
  fraction: number | null
  started: number
}

const REDRAW_MS = 200

/**
 * Progress on a stream: a single line that is redrawn if the stream is a terminal, otherwise one line at the start and end of a stage and
 * at every quarter, so that a log stays readable.
 */
export function streamProgress(stream: NodeJS.WriteStream): Progress {
  const active = new Set<Active>()
  const terminal = stream.isTTY === true
  let timer: NodeJS.Timeout | null = null
  const seconds = (from: number): string => `${((performance.now() - from) / 1000).toFixed(0)} s`
  const clear = (): void => {
    if (terminal) stream.write('\r\x1b[K')
  }
  const draw = (): void => {
    if (!terminal || active.size === 0) return
    const parts = [...active].map((a) => `${a.title} ${a.fraction === null ? seconds(a.started) : `${Math.floor(a.fraction * 100)}%`}`)
    stream.write(`\r\x1b[K  ${parts.join('   ')}`.slice(0, stream.columns ?? 80))
  }
  const line = (text: string): void => {
    clear()
    stream.write(`${text}\n`)
    draw()
  }
  const retime = (): void => {
    if (terminal && active.size > 0 && timer === null) timer = setInterval(draw, REDRAW_MS).unref()
    else if (active.size === 0 && timer !== null) {
      clearInterval(timer)
      timer = null
    }
  }
  return {
    note: (text) => line(`  ${text}`),
    stage(title) {
      const own: Active = { title, fraction: null, started: performance.now() }
      let quarter = 0
      active.add(own)
      retime()
      if (!terminal) line(`  ${title} ...`)
      const end = (mark: string, note: string | undefined): void => {
        active.delete(own)
        retime()
        line(`${mark} ${title} (${seconds(own.started)})${note === undefined ? '' : `: ${note}`}`)
      }
      return {
        update(fraction) {
          own.fraction = fraction
          const reached = Math.floor((fraction ?? 0) * 4)
          if (!terminal && reached > quarter && reached < 4) line(`  ${title} ${(quarter = reached) * 25}%`)
        },
        done: (note) => end('✓', note),
        failed: (note) => end('✗', note),
      }
    },
  }
}

/** Discards all progress. */
export const silentProgress: Progress = {
  note: () => undefined,
  stage: () => ({ update: () => undefined, done: () => undefined, failed: () => undefined }),
}
