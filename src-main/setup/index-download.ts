import { createWriteStream, existsSync, readFileSync, statSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { ownCommand } from '../processes/installation.js'
import { SetupFailure } from './failure.js'
import { endSignal } from './run-command.js'
import type { Wheel } from './wheels.js'

/** How often an interrupted download is continued. */
const ATTEMPTS = 5
const SILENCE_MS = 30_000

/** The locations of pip's settings, the most specific first. */
const pipSettings = (env: NodeJS.ProcessEnv): string[] =>
  [
    env.PIP_CONFIG_FILE,
    join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'pip', 'pip.conf'),
    join(homedir(), '.pip', 'pip.conf'),
    join(homedir(), 'Library', 'Application Support', 'pip', 'pip.conf'),
    '/etc/pip.conf',
  ].flatMap((file) => (file && existsSync(file) ? [file] : []))

/** The package index that pip would use according to its environment variables and configuration files; null if none is set. */
export function namedIndex(env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.PIP_INDEX_URL) return env.PIP_INDEX_URL
  for (const file of pipSettings(env)) {
    const address = /^\s*index[-_]url\s*=\s*(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1]
    if (address !== undefined) return address
  }
  return null
}

/** The part of the simple repository API as JSON (PEP 691) that is used. */
const FilesSchema = z.object({
  files: z.array(z.object({ filename: z.string(), url: z.string(), hashes: z.record(z.string(), z.string()) })),
})

/** Links in the HTML version of the same list (PEP 503): URLs with the hash as their fragment. */
const LINK = /<a\b[^>]*\bhref="([^"#]+)#sha256=([0-9a-f]{64})"/g

/** @throws SetupFailure */
async function ask(address: string | URL, headers: Record<string, string>): Promise<Response> {
  const end = endSignal()
  const silence = AbortSignal.timeout(SILENCE_MS)
  let response: Response
  try {
    response = await fetch(address, { headers, signal: end ? AbortSignal.any([end, silence]) : silence })
  } catch (error) {
    end?.throwIfAborted()
    const { cause } = error as Error
    throw unreachable(address, cause instanceof Error ? cause.message : (error as Error).message)
  }
  if (!response.ok) throw unreachable(address, `it answered ${response.status} ${response.statusText}`)
  return response
}

const unreachable = (address: string | URL, why: string): SetupFailure =>
  new SetupFailure(
    'network',
    `The package index at ${new URL(address).host} could not be used (${why}).`,
    `Connect to the network or check PIP_INDEX_URL, then run ${ownCommand('setup')}.`,
  )

/** URL of exactly the pinned file. @throws SetupFailure */
async function addressOf(wheel: Wheel, index: string): Promise<URL> {
  const [name = ''] = wheel.requirement.split('==')
  const list = new URL(`${index.replace(/\/$/, '')}/${name}/`)
  const response = await ask(list, { Accept: 'application/vnd.pypi.simple.v1+json, text/html;q=0.1' })
  const text = await response.text()
  const files = /json/.test(response.headers.get('content-type') ?? '')
    ? FilesSchema.parse(JSON.parse(text)).files.map(({ url, hashes }) => ({ url, sha256: hashes.sha256 }))
    : [...text.matchAll(LINK)].map(([, url = '', sha256]) => ({ url: url.replaceAll('&amp;', '&'), sha256 }))
  const found = files.find(({ sha256 }) => sha256 === wheel.sha256)
  if (found === undefined)
    throw new SetupFailure(
      'network',
      `The package index at ${list.host} does not offer ${wheel.requirement} with the expected content.`,
      'Check which package index PIP_INDEX_URL or pip.conf names.',
    )
  return new URL(found.url, response.url || list)
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

/**
 * Downloads one wheel without Python, from the index that pip would use. If the connection breaks, the data received are kept in the cache,
 * and the download continues from there, in this set-up or the next. The caller verifies the content.
 * @param folder destination of the finished file
 * @param onProgress called with the fraction downloaded, 0..1
 * @returns path of the wheel
 */
export async function downloadFromIndex(
  index: string,
  wheel: Wheel,
  { cache, folder }: { cache: string; folder: string },
  onProgress: (fraction: number) => void,
): Promise<string> {
  const address = await addressOf(wheel, index)
  await mkdir(join(cache, 'partial'), { recursive: true })
  const part = join(cache, 'partial', wheel.sha256)
  for (let attempt = 1; ; attempt++) {
    const begun = sizeOf(part)
    try {
      await continueDownload(address, part, begun, (bytes) => onProgress(Math.min(1, bytes / wheel.bytes)))
      break
    } catch (error) {
      endSignal()?.throwIfAborted()
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error
      const { message } = error as Error
      if (attempt === ATTEMPTS || (error instanceof SetupFailure && sizeOf(part) === begun))
        throw new SetupFailure(
          sizeOf(part) > 0 ? 'interrupted' : 'network',
          `The download of ${wheel.requirement} was interrupted (${message}).`,
          `What has arrived is kept. Connect to the network, then run ${ownCommand('setup')} to continue.`,
          { cause: error },
        )
    }
  }
  const path = join(folder, `${wheel.sha256}.whl`)
  await rename(part, path)
  return path
}

async function continueDownload(address: URL, part: string, begun: number, onBytes: (bytes: number) => void): Promise<void> {
  const response = await ask(address, begun > 0 ? { Range: `bytes=${begun}-` } : {})
  const goesOn = response.status === 206
  let bytes = goesOn ? begun : 0
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onBytes((bytes += chunk.length))
      done(null, chunk)
    },
  })
  if (response.body === null) throw new Error('the answer is empty')
  const signal = endSignal()
  await pipeline(Readable.fromWeb(response.body), count, createWriteStream(part, { flags: goesOn ? 'a' : 'w', flush: true }), {
    ...(signal ? { signal } : {}),
  })
  const expected = Number(response.headers.get('content-length')) + (goesOn ? begun : 0)
  if (expected > 0 && bytes < expected) throw new Error(`it ended after ${bytes} of ${expected} bytes`)
}
