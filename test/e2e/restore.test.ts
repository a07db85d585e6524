import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectWebSocket } from '../../src-main/transport/websocket-client.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { startServer, type RunningServer } from './support/server.js'
import { openPage } from './support/watched-page.js'
import { removeFolder } from '../fixtures/home.js'

describe.skipIf(noBrowser)('a back-up', () => {
  let browser: Browser
  let folder: string
  let server: RunningServer
  beforeAll(async () => {
    const { server: entry } = await builtWorkbench()
    folder = mkdtempSync(join(tmpdir(), 'retrace-e2e-restore-'))
    server = await startServer(entry, join(folder, 'home'))
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    if (folder) removeFolder(folder)
  })

  it('is made and put in the place of the home from the window, which then shows the home as it was, while a run is at work', async () => {
    const { client, close } = connectWebSocket(server.address, server.token)
    await client.datasets.make.mutate({ name: 'before', kind: 'circles', seed: 1 })
    const { page, context } = await openPage(browser)
    page.setDefaultTimeout(30_000)
    const file = join(folder, 'home', 'exports', 'backup.tar')
    await page.goto(`${await server.windowAddress()}#/settings`)
    await page.getByLabel('Backup file (in the export folder)').fill('backup.tar')
    await page.getByRole('button', { name: 'Back up', exact: true }).click()
    await page.getByText(/Backed up \d+ files/).waitFor()

    const request = { preset: 'mlp-hamiltonian', dataset: 'before', name: 'Later', overrides: { steps: 1_000_000 } }
    const { id } = await client.runs.create.mutate(request)
    await client.datasets.make.mutate({ name: 'after', kind: 'peaks', seed: 1 })
    await expect.poll(async () => (await client.runs.get.query({ id })).step, { timeout: 60_000 }).toBeGreaterThan(5)
    close()

    const restore = page.getByTestId('restore')
    await restore.getByLabel('Full path of the backup file').fill(file)
    await restore.getByRole('button', { name: 'Restore …' }).click()
    await page.getByText(/It replaces everything in this home: 1 run/).waitFor()
    await page.getByTestId('confirm').click()
    await page.getByText(/The backup is intact and is being restored/).waitFor()
    const kept = /kept in (\S+)\./.exec(await page.getByText(/kept in/).last().innerText())?.[1] ?? '' // prettier-ignore

    await page.getByRole('link', { name: 'Data sets', exact: true }).click()
    await page.locator('[data-dataset="before"]').waitFor()
    await page.locator('[data-dataset="after"]').waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Runs', exact: true }).click()
    await page.getByText('No runs yet').waitFor()
    expect(existsSync(join(kept, 'retrace.sqlite'))).toBe(true)
    await context.close()
  }, 180_000)
})
