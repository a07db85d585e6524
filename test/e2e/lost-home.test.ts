import { existsSync, renameSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { openPage } from './support/watched-page.js'
import { openWorkbench } from './support/workbench.js'
import { removeFolder } from '../fixtures/home.js'

describe.skipIf(noBrowser)('a home that is moved while windows show it', () => {
  let browser: Browser
  let workbench: Awaited<ReturnType<typeof openWorkbench>>
  beforeAll(async () => {
    browser = await launchBrowser()
    workbench = await openWorkbench()
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    await workbench?.close()
    removeFolder(`${workbench?.home}-moved`)
  })

  it('is told of in every window, also one that is opened later, and nothing more is accepted', async () => {
    const { home, server, services } = workbench
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', name: 'Trainee' })
    await expect.poll(async () => (await services.runs.get({ id })).step, { timeout: 60_000 }).toBeGreaterThan(3)
    const { page } = await openPage(browser)
    page.setDefaultTimeout(30_000)
    await page.goto(`${server.windowAddress}#/runs/${id}`)
    await page.getByText('Trainee').first().waitFor()
    renameSync(home, `${home}-moved`)

    const said = `The home folder ${home} was moved to ${home}-moved while Retrace was using it. Nothing is stored any more`
    await page.getByTestId('lost-home').getByText(said).waitFor()
    await page.getByTestId('status').getByText('Interrupted').waitFor()

    const { page: later } = await openPage(browser)
    later.setDefaultTimeout(30_000)
    await later.goto(`${server.windowAddress}#/settings`)
    await later.getByTestId('lost-home').getByText(said).waitFor()
    await later.getByTestId('alerts').click()
    await later.getByText('Home folder lost').waitFor()
    await later.keyboard.press('Escape')

    const notice = page.locator('.v-snackbar').getByText(said)
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await notice.waitFor({ state: 'detached' })
    await page.getByTestId('run-menu').click()
    await page.getByText('Pin', { exact: true }).click()
    await notice.waitFor()
    expect((await services.runs.get({ id })).pinned).toBe(false)
    expect(existsSync(home)).toBe(false)
  }, 120_000)
})
