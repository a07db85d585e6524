import { createWriteStream, mkdirSync, rmSync } from 'node:fs'
import { rm, rmdir } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isUserError, UserError } from '../../contract/errors.js'
import { LIMITS, safePath, type ArchiveLimits } from '../../data/archive-limits.js'
import { explainFileError, freeBytes } from '../../data/disk.js'
import { makeFolderBelow } from '../../durable/folders.js'
import { ownUploads } from '../../durable/unfinished.js'

/** Path of uploads: `/uploads/ID/RELATIVE/PATH`. */
export const UPLOAD_PATH = '/uploads/'

const ADDRESS = /^\/uploads\/([0-9a-f-]{36})(?:\/(.+))?$/

/** Free disk space to keep, in bytes. */
const RESERVE = 2 ** 28

/**
 * Files uploaded by a browser, which cannot reveal their paths: each upload is a folder of its own, which exists until the page removes it
 * or the server ends.
 */
export class Uploads {
  private readonly seen = new Map<string, { files: number; bytes: number }>()

  private readonly folder: string

  /**
   * @param uploads belongs to this server alone; leftovers of an earlier server are removed
   * @param requireHome rejects when the path of that folder may belong to another home by now
   */
  constructor(
    private readonly uploads: string,
    private readonly requireHome: () => Promise<void> = async () => undefined,
    private readonly free = freeBytes,
    private readonly limits: Pick<ArchiveLimits, 'entries' | 'bytes'> = LIMITS,
  ) {
    this.folder = ownUploads(uploads)
    rmSync(uploads, { recursive: true, force: true })
    mkdirSync(uploads, { recursive: true, mode: 0o700 })
  }

  /**
   * Stores a file (PUT, responds with the folder of the upload as JSON) or removes an upload (DELETE). The caller has authenticated the
   * request.
   */
  async handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const answer = (status: number, body: object): void => {
      // The rest of the body is read and discarded, so that the page gets this response instead of a broken connection.
      request.resume()
      response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(JSON.stringify(body))
    }
    try {
      await this.requireHome()
      const [, id, rest] = ADDRESS.exec(path) ?? []
      if (id === undefined) throw new UserError('BAD_INPUT', 'This address is malformed.')
      if (request.method === 'DELETE') {
        await this.remove(id)
        return answer(200, {})
      }
      if (request.method !== 'PUT' || rest === undefined) throw new UserError('BAD_INPUT', 'Only PUT of a file and DELETE are supported.')
      await this.take(id, decodeURIComponent(rest), request)
      answer(201, { folder: join(this.folder, id) })
    } catch (error) {
      const explained =
        error instanceof URIError ? new UserError('BAD_INPUT', 'This address is malformed.') : explainFileError(error, this.folder)
      if (request.destroyed && !request.complete) return void response.destroy()
      if (!isUserError(explained)) throw error
      answer(explained.code === 'DISK' ? 507 : 400, { message: explained.message })
    }
  }

  /** Removes everything. */
  async close(): Promise<void> {
    try {
      await this.requireHome()
    } catch (error) {
      if (isUserError(error)) return
      throw error
    }
    await rm(this.uploads, { recursive: true, force: true, maxRetries: 3 })
  }

  private async remove(id: string): Promise<void> {
    this.seen.delete(id)
    await rm(join(this.folder, id), { recursive: true, force: true, maxRetries: 3 })
    // Removed with its last upload; it is not an error if there are others.
    await rmdir(this.folder).catch(() => undefined)
  }

  private async take(id: string, name: string, request: IncomingMessage): Promise<void> {
    const length = Number(request.headers['content-length'])
    if (!Number.isSafeInteger(length)) throw new UserError('BAD_INPUT', 'A file must be sent with its length.')
    const target = join(this.folder, id, ...safePath({ name }, 'The upload'))
    const upload = this.seen.get(id) ?? { files: 0, bytes: 0 }
    this.seen.set(id, upload)
    if (++upload.files > this.limits.entries)
      throw new UserError('BAD_INPUT', `The upload has more than ${this.limits.entries} files. Import it by its path instead.`)
    upload.bytes += length
    if (upload.bytes > this.limits.bytes)
      throw new UserError('BAD_INPUT', `The upload is larger than ${mebibytes(this.limits.bytes)}. Import it by its path instead.`)
    const left = (await this.free(this.uploads)) - RESERVE
    if (length > left)
      throw new UserError(
        'DISK',
        `${name} needs ${mebibytes(length)}, but the disk has only ${mebibytes(Math.max(0, left))} free. Free some space.`,
      )
    await makeFolderBelow(this.uploads, dirname(target))
    try {
      // Node ends the request with an error if the length differs from the announced one.
      await pipeline(request, createWriteStream(target, { flags: 'wx', mode: 0o600 }))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST')
        throw new UserError('BAD_INPUT', `The upload contains ${name} twice. Send it once.`, { cause: error })
      await rm(target, { force: true })
      throw error
    }
  }
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`
