import { createWriteStream, type WriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { UserError } from '../contract/errors.js'
import { guarded } from '../processes/guarded.js'

/** Bytes of one trainer's output that are kept in its file. */
const FILE_LIMIT = 16 * 2 ** 20

/** Characters of the end that are kept for the reason of a failure. */
const TAIL = 8192

/** What is printed at every end (Node) and at every start (TensorFlow), and explains nothing. */
const NOISE = /^Node\.js v\d|absl::InitializeLog|oneDNN custom operations are on/

const unwritable = (path: string, cause: NodeJS.ErrnoException): UserError =>
  new UserError(
    'DISK',
    `The output of the trainer cannot be written to ${path} (${cause.code ?? cause.message}). The run continues; check the disk and its permissions.`,
    { cause },
  )

/** What a trainer's process prints: kept in a file, and the end of it in memory to explain a crash. */
export class OutputLog {
  private readonly file: WriteStream
  private written = 0
  private tail = ''

  /** @param fault told once when the file cannot be written; the trainer's work does not depend on it */
  constructor(
    path: string,
    private readonly fault: (error: unknown) => void,
  ) {
    this.file = createWriteStream(path, { flags: 'a' })
    this.file.once(
      'error',
      guarded(fault, (error) => fault(unwritable(path, error))),
    )
  }

  add(stream: Readable | null, isError: boolean): void {
    stream?.on(
      'data',
      guarded(this.fault, (data: Buffer) => {
        if (isError) this.tail = (this.tail + data.toString('utf8')).slice(-TAIL)
        const room = FILE_LIMIT - this.written
        if (room <= 0 || this.file.destroyed) return
        this.written += data.length
        this.file.write(data.length <= room ? data : data.subarray(0, room))
      }),
    )
    // A pipe that breaks says no more; the end of the process is told by itself.
    stream?.on('error', guarded(this.fault, this.fault))
  }

  /** The line that most likely says what went wrong: the last error message, or else the last lines of all. */
  explanation(): string {
    const lines = this.tail
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !NOISE.test(line))
    const message = lines.findLast((line) => /^(\w+: )?\w*Error\b.*: ./.test(line) || /FATAL ERROR/.test(line))
    return (message ?? lines.slice(-3).join(' ')).slice(0, 500)
  }

  close(): void {
    this.file.end()
  }
}
