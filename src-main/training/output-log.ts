import { createWriteStream, type WriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { UserError } from '../contract/errors.js'
import { guarded } from '../processes/guarded.js'

/** Maximum bytes of a trainer's output that are stored in its file. */
const FILE_LIMIT = 16 * 2 ** 20

/** Number of characters kept from the end, to explain a failure. */
const TAIL = 8192

/** Lines printed at every exit (Node) and at every start (TensorFlow), which explain nothing. */
const NOISE = /^Node\.js v\d|absl::InitializeLog|oneDNN custom operations are on/

const unwritable = (path: string, cause: NodeJS.ErrnoException): UserError =>
  new UserError(
    'DISK',
    `The output of the trainer cannot be written to ${path} (${cause.code ?? cause.message}). The run continues; check the disk and its permissions.`,
    { cause },
  )

/** The output of a trainer's process: stored in a file, with its end kept in memory to explain a crash. */
export class OutputLog {
  private readonly file: WriteStream
  private written = 0
  private tail = ''

  /** @param fault called once if the file cannot be written, which does not affect the training */
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
    // A broken pipe needs no report; the end of the process is reported separately.
    stream?.on('error', guarded(this.fault, this.fault))
  }

  /** The line that most likely explains the failure: the last error message, or otherwise the last lines. */
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
