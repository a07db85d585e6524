import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { selectEngine } from '../../src-main/engine/select.js'
import { namedIndex } from '../../src-main/setup/index-download.js'
import { silentProgress } from '../../src-main/setup/progress.js'
import { shipBinding } from '../../src-main/setup/shipped-binding.js'
import { setUp, type SetupOptions, type SetupOutcome } from '../../src-main/setup/setup.js'
import { smallWorld, type SmallWorld } from './small-world.js'

afterEach(() => vi.unstubAllEnvs())

/** Set-up as on the machine of a package's user: no Python, no compiler, but a binding shipped with the package. */
async function setUpBare(world: SmallWorld, options: Partial<SetupOptions> = {}): Promise<SetupOutcome> {
  const empty = join(world.root, 'empty')
  mkdirSync(empty, { recursive: true })
  vi.stubEnv('PATH', empty)
  const { shipped, packages } = world.options
  await shipBinding(join(world.root, 'binding.node'), shipped, 'cpu', packages.binding)
  return setUp(silentProgress, { ...world.options, gyp: null, force: true, ...options })
}

const engineOf = (world: SmallWorld): string =>
  selectEngine({ env: { RETRACE_DEVICE: 'cpu' }, cache: world.options.cache, packageRoot: world.options.packages.binding }).engine

/** A package index at an address of this machine; returns the requests received for the file. */
async function serveIndex(
  world: SmallWorld,
  respond: (request: IncomingMessage, response: ServerResponse, wheel: Buffer) => void,
  list?: string,
): Promise<string[]> {
  const wheel = readFileSync(join(world.root, 'wheel'))
  const asked: string[] = []
  const server = createServer((request, response) => {
    if (request.url === '/simple/tensorflow-cpu/') {
      const sha256 = createHash('sha256').update(wheel).digest('hex')
      const json = JSON.stringify({ files: [{ filename: 'a.whl', url: '../../files/a.whl', hashes: { sha256 } }] })
      response.setHeader('Content-Type', list ? 'text/html' : 'application/vnd.pypi.simple.v1+json')
      return response.end(list?.replace('HASH', sha256) ?? json)
    }
    asked.push(`${request.url} ${request.headers.range ?? 'whole'}`)
    respond(request, response, wheel)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  vi.stubEnv('PIP_INDEX_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`)
  return asked
}

/** Breaks the connection in the middle of every complete response, and continues from where it is asked to. */
function breaking(request: IncomingMessage, response: ServerResponse, wheel: Buffer): void {
  const begin = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]
  if (begin !== undefined) {
    const rest = wheel.subarray(Number(begin))
    return void response.writeHead(206, { 'Content-Length': rest.length }).end(rest)
  }
  response.writeHead(200, { 'Content-Length': wheel.length })
  response.write(wheel.subarray(0, 700), () => setTimeout(() => response.destroy(), 50))
}

describe('the library without Python', () => {
  it.each([
    ['a list in JSON', undefined],
    ['a page of links', '<a href="../../files/a.whl#sha256=HASH">a.whl</a>'],
  ])('comes from the index that pip would use, by %s, and goes on where the connection broke', async (_what, list) => {
    using world = smallWorld()
    const asked = await serveIndex(world, breaking, list)
    expect(await setUpBare(world)).toEqual({ worked: true, failures: {} })
    expect(engineOf(world)).toBe('native')
    expect(asked).toEqual(['/files/a.whl whole', expect.stringMatching(/^\/files\/a\.whl bytes=[1-9]\d*-$/)])
    expect([world.temporary(), readdirSync(join(world.options.cache, 'partial'))]).toEqual([[], []])
  })

  it('goes on in the next set-up with what has arrived in this one', async () => {
    using world = smallWorld()
    let broken = true
    const asked = await serveIndex(world, (request, response, wheel) => {
      if (broken && request.headers.range) response.writeHead(503).end()
      else breaking(request, response, wheel)
    })
    expect((await setUpBare(world)).failures.native).toMatchObject({ kind: 'interrupted' })
    broken = false
    asked.length = 0
    expect((await setUpBare(world)).failures).toEqual({})
    expect(asked).toEqual([expect.stringMatching(/bytes=[1-9]\d*-$/)])
  })

  it('is refused where the index has other content, and nothing of it is kept', async () => {
    using world = smallWorld()
    await serveIndex(world, (_request, response) => response.end('something else'))
    expect((await setUpBare(world)).failures.native).toMatchObject({ kind: 'damaged' })
    expect(engineOf(world)).toBe('portable')
    expect([world.temporary(), readdirSync(join(world.options.cache, 'partial'))]).toEqual([[], []])
  })

  it('says what to do where nothing listens, or no index is named', async () => {
    using world = smallWorld()
    vi.stubEnv('PIP_INDEX_URL', 'http://127.0.0.1:1/simple')
    expect((await setUpBare(world)).failures.native).toMatchObject({
      kind: 'network',
      remedy: expect.stringContaining('PIP_INDEX_URL') as string,
    })
    const settings = join(world.root, 'pip.conf')
    writeFileSync(settings, '[global]\nindex-url = http://127.0.0.1:1/other\n')
    expect(namedIndex({ PIP_CONFIG_FILE: settings })).toBe('http://127.0.0.1:1/other')
  })
})

describe('the library without a network', () => {
  it('comes from a file or a folder that the user brought', async () => {
    for (const offline of ['brought.whl', 'folder']) {
      vi.unstubAllEnvs()
      using world = smallWorld()
      mkdirSync(join(world.root, 'folder'))
      copyFileSync(join(world.root, 'wheel'), join(world.root, 'brought.whl'))
      copyFileSync(join(world.root, 'wheel'), join(world.root, 'folder', 'tensorflow_cpu-2.whl'))
      writeFileSync(join(world.root, 'folder', 'tensorflow_cpu-1.whl'), 'of another version')
      expect(await setUpBare(world, { offline: join(world.root, offline) })).toEqual({ worked: true, failures: {} })
      expect(engineOf(world)).toBe('native')
      expect(existsSync(join(world.root, 'brought.whl'))).toBe(true)
    }
  })

  it('names the command that fetches the right one where it is another', async () => {
    using world = smallWorld()
    writeFileSync(join(world.root, 'other.whl'), 'something else')
    const { failures } = await setUpBare(world, { offline: join(world.root, 'other.whl') })
    expect(failures.native).toMatchObject({ kind: 'damaged', remedy: expect.stringMatching(/pip download .*tensorflow-cpu==/) as string })
    expect((await setUpBare(world, { offline: join(world.root, 'none') })).failures.native?.reason).toMatch(/does not exist/)
  })
})
