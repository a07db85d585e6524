import { createHash } from 'node:crypto'
import { isUserError, obstacleOf, UserError } from '../../../contract/errors.js'
import { MOST_LINE_BYTES, parseLogLine, type LoggedMessage, type LoggedValues } from '../../../contract/logged-runs.js'
import type { Alerts } from '../../home/alerts.js'
import type { SettingsStore } from '../../home/settings.js'
import type { Clock } from '../../shared/clock.js'
import type { RunStore } from '../run-store.js'
import type { LogFile, LogFiles } from './log-files.js'
import type { LoggedRuns } from './logged-runs.js'

export interface LogReaderPorts {
  logged: LoggedRuns
  logFiles: LogFiles
  runs: RunStore
  settings: SettingsStore
  alerts: Alerts
  clock: Clock
  fault(error: unknown): void
}

/** How far a file has been read; stored in the same transaction as the content. */
interface Place {
  runId: string
  offset: number
  /** Number of lines up to there. */
  lines: number
  /** Length and SHA-256 of the first line: if it differs, the file is another run. */
  head: { bytes: number; hash: string }
  /** Whether the last of them was the end. */
  ended: boolean
}

/** The stored state of a file, by its name. */
interface Stored {
  place: Place | null
  /** Its state when a line was found to be invalid, so that this is reported once. */
  wrong: string | null
}

const keyOf = (name: string): string => `logged.file.${name}`
const [SCAN_EVERY, MOST_FILES] = [2000, 1000]
/** Bytes of a file that are read at a time, a few thousand lines, so that other work can run in between. */
const PIECE = 2 * MOST_LINE_BYTES
const NEWLINE = 10

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/**
 * Reads what other programs append to the files of the folder `log`, every two seconds, and continues after a restart where it was. A last
 * line without a line break is still being written. After an invalid line, a file is ignored until it is changed.
 */
export class LogReader {
  /** The state of each file when it was last read to its end, or to an invalid line. */
  private readonly seen = new Map<string, string>()
  private cancel: (() => void) | null = null
  private closed = false

  constructor(private readonly ports: LogReaderPorts) {}

  start(): void {
    this.scan()
  }

  async close(): Promise<void> {
    this.closed = true
    this.cancel?.()
  }

  private scan(): void {
    const { clock, fault } = this.ports
    let again = SCAN_EVERY
    try {
      if (this.readAll()) again = 0
    } catch (error) {
      // A full disk or a busy database: what could not be stored is read again.
      if (obstacleOf(error) === null) fault(error)
    }
    if (!this.closed) this.cancel = clock.after(again, () => this.scan())
  }

  /** @returns whether there is more to read immediately */
  private readAll(): boolean {
    const { alerts, logFiles } = this.ports
    const { files, more } = logFiles.list(MOST_FILES)
    if (more)
      alerts.raiseOnce({
        kind: 'logging',
        level: 'warn',
        runId: null,
        message: `The folder log has more than ${MOST_FILES} files, and only the first ${MOST_FILES} by name are read. Delete those whose runs have ended.`,
      })
    return files.filter((file) => this.readFile(file)).length > 0
  }

  /** @returns whether there is more to read from it immediately */
  private readFile(file: LogFile): boolean {
    const { name, bytes, modified } = file
    const state = `${bytes} ${modified}`
    if (this.seen.get(name) === state) return false
    try {
      if (this.stored(name).wrong !== state && this.readPiece(name, this.placeOf(file))) return true
    } catch (error) {
      if (!isUserError(error) || error.code === 'DISK') throw error
      this.complain(name, error.message)
      this.put(name, { ...this.stored(name), wrong: state })
    }
    this.seen.set(name, state)
    return false
  }

  /** Where to continue; null at the beginning, also for a file that was replaced by another one. */
  private placeOf({ name, bytes }: LogFile): Place | null {
    const { place } = this.stored(name)
    if (!place || bytes < place.offset) return null
    const head = this.ports.logFiles.read(name, 0, place.head.bytes)
    return hashOf(head) === place.head.hash ? place : null
  }

  private stored(name: string): Stored {
    return (this.ports.settings.get(keyOf(name)) as Stored | undefined) ?? { place: null, wrong: null }
  }

  private put(name: string, stored: Stored): void {
    this.ports.settings.set(keyOf(name), stored)
  }

  /** @returns whether the file may contain more to read immediately */
  private readPiece(name: string, place: Place | null): boolean {
    const { logged, logFiles, runs } = this.ports
    // A removed run continues once it is restored; one that was deleted permanently is not created again.
    if (place && !runs.get(place.runId)) return false
    const piece = logFiles.read(name, place?.offset ?? 0, PIECE)
    let at = place
    let start = 0
    let waiting: (LoggedValues | LoggedMessage)[] = []
    /** The place after the last line to be stored. */
    let reached: Place | null = null
    const flush = (): void => {
      if (!reached) return
      const [parts, next] = [waiting, reached]
      ;[waiting, reached] = [[], null]
      logged.add(next.runId, parts, () => this.put(name, { place: next, wrong: null }))
      at = next
    }
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      const bytes = piece.subarray(start, end)
      const before: Place | null = reached ?? at
      start = end + 1
      let line
      try {
        if (before?.ended) throw new UserError('BAD_INPUT', 'follows the end of the run.')
        line = parseLogLine(textOf(bytes), before === null)
      } catch (error) {
        flush()
        throw error
      }
      if (line.kind === 'head') {
        const head = { bytes: bytes.length, hash: hashOf(bytes) }
        logged.begin(line.head, ({ id }) =>
          this.put(name, { place: (at = { runId: id, offset: start, lines: 1, head, ended: false }), wrong: null }),
        )
        continue
      }
      const next: Place = { ...before!, offset: before!.offset + bytes.length + 1, lines: before!.lines + 1, ended: line.kind === 'end' }
      if (line.kind === 'end') {
        flush()
        logged.end(next.runId, line.end, () => this.put(name, { place: next, wrong: null }))
        at = next
        continue
      }
      waiting.push(line.kind === 'values' ? line.values : line.message)
      reached = next
    }
    flush()
    checkLength(piece.length - start)
    return start > 0 && piece.length === PIECE
  }

  private complain(name: string, what: string): void {
    const { alerts, logged } = this.ports
    const { place } = this.stored(name)
    const message = `log/${name}, line ${(place?.lines ?? 0) + 1}, ${what} Correct or delete the line; reading continues there.`
    if (place) logged.interrupt(place.runId, message)
    alerts.raise({ kind: 'logging', level: 'error', runId: place?.runId ?? null, message })
  }
}

/** @throws UserError BAD_INPUT */
function checkLength(bytes: number): void {
  if (bytes > MOST_LINE_BYTES) throw new UserError('BAD_INPUT', `has more than ${MOST_LINE_BYTES} bytes.`)
}

/** @throws UserError BAD_INPUT */
function textOf(bytes: Uint8Array): string {
  checkLength(bytes.length)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new UserError('BAD_INPUT', 'is not UTF-8 text.', { cause: error })
  }
}
