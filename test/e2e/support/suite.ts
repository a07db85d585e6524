import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import type { CreateRun } from '../../../src-main/contract/runs.js'
import { connectWebSocket } from '../../../src-main/transport/websocket-client.js'
import { removeFolder } from '../../fixtures/home.js'
import { builtWorkbench } from './built.js'
import { launchBrowser } from './chromium.js'
import { startServer, type RunningServer } from './server.js'
import { openPage, type WatchedPage, type WatchOptions } from './watched-page.js'
import { openWorkbench } from './workbench.js'

export type Workbench = Awaited<ReturnType<typeof openWorkbench>>

/** A browser and a workbench for the tests of a file; each test has a profile of its own. */
export function withWorkbench(options: Parameters<typeof openWorkbench>[0] = {}) {
  let browser: Browser | undefined
  let workbench: Workbench | undefined
  beforeAll(async () => {
    await builtWorkbench()
    browser = await launchBrowser()
    workbench = await openWorkbench(options)
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    await workbench?.close()
    expect(workbench?.defects ?? []).toEqual([])
  })
  return {
    get workbench(): Workbench {
      return workbench!
    },
    get browser(): Browser {
      return browser!
    },
    /** Runs user actions at an address, about which neither the page nor the back end may complain. */
    async visit(address: string, use: (watched: WatchedPage) => Promise<void>, how: WatchOptions = {}): Promise<void> {
      const watched = await openPage(browser!, how)
      await watched.page.goto(`${workbench!.server.windowAddress}#${address}`)
      await use(watched)
      // The tests themselves read canvases back, which causes this warning.
      expect(watched.complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
      await watched.context.close()
    },
  }
}

/** A browser, and the built server as a process of its own with an empty home and real trainers, for the tests of a file. */
export function withServer() {
  let browser: Browser | undefined
  let home: string | undefined
  let server: RunningServer | undefined
  beforeAll(async () => {
    const { server: entry } = await builtWorkbench()
    home = mkdtempSync(join(tmpdir(), 'retrace-e2e-'))
    server = await startServer(entry, home)
    browser = await launchBrowser()
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    if (home) removeFolder(home)
  }, 60_000)
  return {
    get browser(): Browser {
      return browser!
    },
    get home(): string {
      return home!
    },
    get server(): RunningServer {
      return server!
    },
    /** A client of the server, once its initial data set exists. */
    async connect(): Promise<ReturnType<typeof connectWebSocket>> {
      const connected = connectWebSocket(server!.address, server!.token)
      await vi.waitUntil(async () => (await connected.client.datasets.list.query()).length > 0, { timeout: 60_000, interval: 200 })
      return connected
    },
  }
}

/** Trains a run to its end. */
export async function trained({ client }: Pick<ReturnType<typeof connectWebSocket>, 'client'>, request: CreateRun): Promise<string> {
  const { id } = await client.runs.create.mutate(request)
  await vi.waitUntil(async () => (await client.runs.get.query({ id })).status === 'finished', { timeout: 180_000, interval: 200 })
  return id
}
