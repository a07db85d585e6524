import { createHmac } from 'node:crypto'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { proofText, type Hello, type WindowKey } from '../../src-main/contract/entry.js'
import { forgetWindows, portOfWindows, WINDOW_LIFE_MS, WindowKeys } from '../../src-main/hosts/server/window-keys.js'
import { temporaryFolder } from './temporary.js'

const PORT = 41573
let now = Date.UTC(2026, 0, 1)
const clock = (): number => now
/** Milliseconds of a clock that is never set. */
let passed = 1000

function server(home: string | null, { port = PORT, onFailure = expect.unreachable as (error: unknown) => void } = {}): WindowKeys {
  const keys = new WindowKeys(port, home, onFailure, clock, undefined, () => passed)
  onTestFinished(() => keys.close())
  return keys
}

const proofOf = (side: 'server' | 'window', { key }: WindowKey, hello: Hello, challenge: string, port = PORT): string =>
  createHmac('sha256', key)
    .update(proofText(side, port, hello, challenge))
    .digest('base64url')

/** A handshake between a window and a server: whether each is convinced of the other. */
function meet(keys: WindowKeys, window: WindowKey, port = PORT): { server: boolean; window: boolean } {
  const hello = { name: window.name, nonce: 'n'.repeat(22) }
  const { challenge, proof } = keys.hello(hello)
  return {
    server: proof === proofOf('server', window, hello, challenge, port),
    window: keys.isProved({ ...hello, challenge, proof: proofOf('window', window, hello, challenge, port) }),
  }
}

it('lets a window in at a later server of the same home and port, and at no other', () => {
  const home = temporaryFolder()
  const first = server(home)
  const window = first.issue()
  first.close()
  expect(meet(server(home), window)).toEqual({ server: true, window: true })
  expect(portOfWindows(home)).toBe(PORT)
  if (process.platform !== 'win32') expect(statSync(join(home, 'windows.json')).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(home, 'windows.json'), 'utf8')).not.toContain(window.key)

  const none = { server: false, window: false }
  expect(meet(server(temporaryFolder()), window), 'another home').toEqual(none)
  expect(meet(server(null), window), 'a server without a home').toEqual(none)
  // The proof of a server at another port can be relayed to the window, but does not convince it.
  expect(meet(server(home, { port: PORT + 1 }), window), 'another port').toEqual(none)
  expect(meet(server(home), { ...window, name: first.issue().name }), 'another name').toEqual(none)
})

it('ends keys when they have not been served for long, when the clock was set back, and when they are forgotten', () => {
  const home = temporaryFolder()
  const first = server(home)
  const window = first.issue()
  first.close()
  now += WINDOW_LIFE_MS - 1
  const second = server(home)
  expect(meet(second, window).window, 'just in time').toBe(true)
  second.close()
  now += WINDOW_LIFE_MS
  const third = server(home)
  expect(meet(third, window).window, 'too late').toBe(false)
  const late = third.issue()
  third.close()
  now -= 3_600_000
  const fourth = server(home)
  expect(meet(fourth, late).window, 'an hour back').toBe(false)

  const held = fourth.issue()
  fourth.forget()
  expect(meet(fourth, held).window, 'forgotten').toBe(false)
  const last = fourth.issue()
  fourth.close()
  forgetWindows(home)
  expect(meet(server(home), last).window, 'forgotten by a command').toBe(false)
})

it('takes a proof once made by a window for a challenge of its own, in time, and nothing else', () => {
  const home = temporaryFolder()
  const keys = server(home)
  const window = keys.issue()
  const hello = { name: window.name, nonce: 'n'.repeat(22) }
  const { challenge, proof } = keys.hello(hello)
  const answer = { ...hello, challenge, proof: proofOf('window', window, hello, challenge) }
  expect(keys.isProved({ ...answer, proof }), 'its own proof').toBe(false)
  expect(keys.isProved({ ...answer, nonce: 'm'.repeat(22) })).toBe(false)
  for (const wrong of ['', 'x', `${challenge}.x`, challenge.slice(1), challenge.replace(/^\d+/, String(now + 1))])
    expect(keys.isProved({ ...answer, challenge: wrong, proof: proofOf('window', window, hello, wrong) }), wrong).toBe(false)
  expect(server(home).isProved(answer), 'of an earlier server').toBe(false)
  expect(keys.isProved(answer)).toBe(true)
  passed += 16_000
  expect(keys.isProved(answer), 'late').toBe(false)
})

it('serves windows also where nothing can be written, and says so', () => {
  const home = temporaryFolder()
  mkdirSync(join(home, 'windows.json'))
  const onFailure = vi.fn()
  const keys = server(home, { onFailure })
  expect(onFailure).toHaveBeenCalledOnce()
  expect(meet(keys, keys.issue()).window).toBe(true)
})
