import { readFileSync } from 'node:fs'
import type { BrowserWindow, Rectangle } from 'electron'
import { z } from 'zod'
import { replaceTextSync } from '../../durable/replace-file.js'
import { guarded } from '../../processes/guarded.js'

const StateSchema = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().min(400).max(20_000),
  height: z.int().min(300).max(20_000),
  maximized: z.boolean(),
})
export type WindowState = z.infer<typeof StateSchema>

const DEFAULT = { width: 1440, height: 900, maximized: false }
/** The part of the title bar in pixels that must be on a display, so that the window can be dragged. */
const GRIP = 64

const isReachable = ({ x, y, width }: WindowState, displays: Rectangle[]): boolean =>
  displays.some(
    (display) =>
      x + width >= display.x + GRIP && x <= display.x + display.width - GRIP && y >= display.y && y <= display.y + display.height - GRIP,
  )

/**
 * The last state of the window; without a position if that is no longer on any display, or unknown.
 * @param displays work areas of the connected displays
 */
export function readWindowState(file: string, displays: Rectangle[]): Partial<Pick<WindowState, 'x' | 'y'>> & Omit<WindowState, 'x' | 'y'> {
  let state: WindowState
  try {
    state = StateSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    // Missing or damaged: it is only a convenience, and the next move writes it again.
    return DEFAULT
  }
  const { width, height, maximized } = state
  return isReachable(state, displays) ? state : { width, height, maximized }
}

type TrackedWindow = Pick<BrowserWindow, 'getNormalBounds' | 'isMaximized' | 'isDestroyed'> & {
  on(event: 'resize' | 'move' | 'maximize' | 'unmaximize' | 'close', listener: () => void): unknown
}

/**
 * Saves the window's position across restarts: shortly after it was moved, and when it closes.
 * @param onFailure called if it cannot be written
 */
export function keepWindowState(window: TrackedWindow, file: string, onFailure: (error: unknown) => void, delayMs = 500): void {
  let timer: NodeJS.Timeout | undefined
  const save = guarded(onFailure, () => {
    clearTimeout(timer)
    if (window.isDestroyed()) return
    const { x, y, width, height } = window.getNormalBounds()
    replaceTextSync(file, JSON.stringify({ x, y, width, height, maximized: window.isMaximized() } satisfies WindowState))
  })
  const later = guarded(onFailure, () => {
    clearTimeout(timer)
    timer = setTimeout(save, delayMs)
  })
  for (const event of ['resize', 'move', 'maximize', 'unmaximize'] as const) window.on(event, later)
  window.on('close', save)
}
