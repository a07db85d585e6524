import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { askWindowAddress, findHost, type HostRecord } from '../../src-main/hosts/discovery.js'
import { connectWebSocket } from '../../src-main/transport/websocket-client.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { openPage } from './support/watched-page.js'
import { removeFolder } from '../fixtures/home.js'

const unable = noBrowser ?? (process.platform === 'linux' ? null : 'open files are counted in /proc')

describe.skipIf(unable)('a server that may open 1,024 files', () => {
  let browser: Browser
  let folder: string
  let child: ChildProcess
  let record: HostRecord
  const crowd: Socket[] = []

  beforeAll(async () => {
    const { server } = await builtWorkbench()
    folder = mkdtempSync(join(tmpdir(), 'retrace-e2e-'))
    const home = join(folder, 'home')
    child = spawn(
      '/bin/sh',
      ['-c', 'ulimit -n 1024; exec "$0" "$@"', process.execPath, server, '--no-open', '--port', '0', '--home', home],
      {
        stdio: 'ignore',
      },
    )
    record = await vi.waitFor(async () => (await findHost(home)) ?? Promise.reject(new Error('not yet')), { timeout: 60_000 })
    browser = await launchBrowser()
  }, 300_000)
  afterAll(async () => {
    crowd.forEach((socket) => socket.destroy())
    await browser?.close()
    if (child.exitCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    removeFolder(folder)
  }, 60_000)

  it('opens windows and trains runs while 1,500 connections say nothing', async () => {
    const port = Number(new URL(record.address).port)
    for (let at = 0; at < 1500; at++) {
      const socket = connect({ host: '127.0.0.1', port }).on('error', () => undefined)
      crowd.push(socket)
    }
    await Promise.all(crowd.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])))
    expect(readdirSync(`/proc/${child.pid}/fd`).length).toBeLessThan(512)

    const { page, context, complaints } = await openPage(browser)
    await page.goto(await askWindowAddress(record))
    await page.getByText('No runs yet').waitFor()
    const { client, close } = connectWebSocket(record.address, record.token)
    const request = { preset: 'mlp-hamiltonian', dataset: 'two-spirals', name: 'in a crowd', overrides: { steps: 3 } }
    const { id } = await client.runs.create.mutate(request)
    await expect.poll(async () => (await client.runs.get.query({ id })).status, { timeout: 60_000 }).toBe('finished')
    await page.getByRole('row', { name: /in a crowd/ }).waitFor()
    expect(complaints).toEqual([])
    await context.close()
    await close()
  }, 180_000)
})
