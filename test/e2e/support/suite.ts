import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { builtWorkbench } from './built.js'
import { launchBrowser } from './chromium.js'
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
    /** What a user does at an address, of which neither the page nor the back end may complain. */
    async visit(address: string, use: (watched: WatchedPage) => Promise<void>, how: WatchOptions = {}): Promise<void> {
      const watched = await openPage(browser!, how)
      await watched.page.goto(`${workbench!.server.windowAddress}#${address}`)
      await use(watched)
      // The tests themselves read canvases back.
      expect(watched.complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
      await watched.context.close()
    },
  }
}
