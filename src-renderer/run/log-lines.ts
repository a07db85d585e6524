import type { LogEntry } from '../../src-main/contract/runs.js'
import { formatDateTime } from '../ui/format.js'

type Level = LogEntry['level']

/** From the least to the most urgent. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly Level[]

export interface LogFilter {
  /** The minimum level that is shown. */
  level: Level
  /** Text that a line must contain, ignoring case; empty: every line. */
  search: string
}

export interface LogSelection {
  entries: LogEntry[]
  /** Number of occurrences of the text in them. */
  hits: number
}

/** The entries that match a filter, in their order. */
export function selectEntries(entries: readonly LogEntry[], { level, search }: LogFilter): LogSelection {
  const least = LEVELS.indexOf(level)
  const ofLevel = entries.filter((entry) => LEVELS.indexOf(entry.level) >= least)
  if (search === '') return { entries: ofLevel, hits: 0 }
  let hits = 0
  const found = ofLevel.filter(({ message }) => {
    const here = occurrences(message, search).length
    hits += here
    return here > 0
  })
  return { entries: found, hits }
}

/** The positions of a text in another, from left to right, ignoring case; occurrences do not overlap. */
function occurrences(text: string, search: string): number[] {
  // Character by character, because case folding changes the length of some characters.
  const [where, what] = [[...text].map(fold), [...search].map(fold)]
  const found: number[] = []
  for (let at = 0; what.length > 0 && at + what.length <= where.length; at++) {
    if (!what.every((letter, i) => letter === where[at + i])) continue
    found.push(at)
    at += what.length - 1
  }
  return found
}

const fold = (letter: string): string => letter.toLowerCase()

/** A message in pieces, with the occurrences of the text marked. Joined, they are the message. */
export function highlight(message: string, search: string): { text: string; hit: boolean }[] {
  const letters = [...message]
  const length = [...search].length
  const pieces: { text: string; hit: boolean }[] = []
  let done = 0
  const push = (to: number, hit: boolean): void => {
    if (to > done) pieces.push({ text: letters.slice(done, to).join(''), hit })
    done = to
  }
  for (const at of occurrences(message, search)) {
    push(at, false)
    push(at + length, true)
  }
  push(letters.length, false)
  return pieces
}

/** One line per message, for files and the clipboard. */
export const logText = (entries: readonly LogEntry[]): string =>
  entries.map(({ at, level, message }) => `${formatDateTime(at)} ${level.padEnd(5)} ${message}\n`).join('')
