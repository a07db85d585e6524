import { UserError } from '../contract/errors.js'

const isDamage = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_')

/** Reads exactly the requested number of bytes from a stream, with clear errors if it is too short or too long. */
export class ByteReader {
  private readonly chunks: AsyncIterator<Buffer>
  private rest: Buffer = Buffer.alloc(0)

  /** @param name name of the file, for messages */
  constructor(
    private readonly name: string,
    stream: AsyncIterable<Buffer>,
    private readonly destroy: () => void,
  ) {
    this.chunks = stream[Symbol.asyncIterator]()
  }

  /** @throws UserError BAD_INPUT if the file ends earlier */
  async read(bytes: number): Promise<Buffer> {
    const parts: Buffer[] = []
    let missing = bytes
    while (missing > 0) {
      if (!this.rest.length) {
        const more = await this.more()
        if (!more) throw new UserError('BAD_INPUT', `${this.name} is truncated (at least ${missing} bytes are missing). Get it again.`)
        this.rest = more
      }
      const part = this.rest.subarray(0, missing)
      this.rest = this.rest.subarray(part.length)
      parts.push(part)
      missing -= part.length
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts, bytes)
  }

  /** @throws UserError BAD_INPUT if the file continues */
  async end(): Promise<void> {
    if (this.rest.length || (await this.more()))
      throw new UserError('BAD_INPUT', `${this.name} is longer than its header states. It is damaged or has another format; get it again.`)
  }

  close(): void {
    this.destroy()
  }

  private async more(): Promise<Buffer | null> {
    try {
      for (;;) {
        const { done, value } = await this.chunks.next()
        if (done) return null
        if (value.length) return value
      }
    } catch (error) {
      if (isDamage(error)) throw new UserError('BAD_INPUT', `${this.name} is damaged or truncated. Get it again.`, { cause: error })
      throw error
    }
  }
}
