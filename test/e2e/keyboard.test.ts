import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SHOTS } from './screenshots/shots.js'
import { noBrowser } from './support/chromium.js'
import { walk, watchPresses } from './support/keyboard-walk.js'
import { openShown } from './support/shown-home.js'
import { calm, openPage } from './support/watched-page.js'
import { everyNth } from '../fixtures/slice.js'

/** Every page with the real back end, by keyboard only. */
describe.skipIf(noBrowser)('by the keyboard', () => {
  let { browser, full, empty, home, close } = {} as Awaited<ReturnType<typeof openShown>>
  beforeAll(async () => {
    ;({ browser, full, empty, home, close } = await openShown({ stepMs: 200 }))
  }, 300_000)
  afterAll(() => close?.())

  it('everything that can be pressed is reached on every page and in every dialog, in the order in which it stands, and is seen to have the focus', async () => {
    const { page, context } = await openPage(browser, { width: 1600 })
    await watchPresses(page)
    const found: Record<string, unknown> = {}
    // The alerts are not a dialog that traps the focus: see below.
    const shots = SHOTS.filter(({ name }) => name !== 'alerts')
    for (const shot of everyNth(shots, 5, import.meta.filename)) {
      const { server } = shot.empty ? empty : full
      await page.goto(`${server.windowAddress}#${shot.address(home)}`)
      await page.reload()
      await page.locator('#content h1, #content .empty').first().waitFor()
      await shot.prepare?.(page)
      const result = Object.fromEntries(Object.entries(await walk(page)).filter(([, list]) => (list as string[]).length > 0))
      if (Object.keys(result).length > 0) found[shot.name] = result
    }
    expect(found).toEqual({})
    await context.close()
  })

  it('dialogs and menus open, hold the focus or are gone through by arrows, close, and give the focus back', async () => {
    const { page, context } = await openPage(browser, { width: 1600 })
    const run = `/runs/${home.finished}`
    const compare = `/compare?runs=${home.compared.join(',')}`
    const OPENED: [at: string, kind: 'dialog' | 'popup' | 'menu', opener: (page: Page) => Locator][] = [
      ['/runs', 'dialog', (on) => on.getByRole('button', { name: 'Import', exact: true })],
      ['/runs', 'dialog', (on) => on.getByTestId('choose-columns')],
      ['/runs', 'popup', (on) => on.getByTestId('add-filter')],
      ['/runs', 'popup', (on) => on.getByRole('button', { name: 'Filter by Status' })],
      ['/runs', 'popup', (on) => on.getByRole('button', { name: 'Filter by Duration' })],
      ['/runs', 'menu', (on) => on.getByTestId('views')],
      ['/runs', 'popup', (on) => on.getByTestId('alerts')],
      ['/runs', 'dialog', (on) => on.getByRole('button', { name: /^Search/ })],
      [run, 'menu', (on) => on.getByTestId('run-menu')],
      [`${run}?tab=charts`, 'menu', (on) => on.getByLabel('More actions: Loss')],
      [`${run}?tab=charts`, 'menu', (on) => on.getByLabel('Chart layout')],
      [`${run}?tab=checkpoints`, 'menu', (on) => on.getByTestId('checkpoint-menu').first()],
      [`/runs/${home.live}`, 'dialog', (on) => on.getByRole('button', { name: 'Stop', exact: true })],
      ['/new', 'dialog', (on) => on.getByRole('button', { name: 'Import …' })],
      ['/datasets', 'dialog', (on) => on.getByRole('button', { name: 'Import', exact: true })],
      ['/datasets', 'dialog', (on) => on.getByRole('button', { name: 'Generate points' })],
      ['/datasets', 'dialog', (on) => on.getByRole('button', { name: 'Remove spirals' })],
      ['/datasets/spirals', 'dialog', (on) => on.getByRole('button', { name: 'Remove' })],
      [compare, 'dialog', (on) => on.getByTestId('save')],
      [`${compare}&tab=relations`, 'menu', (on) => on.getByRole('button', { name: /^Export: / }).first()],
      ['/settings', 'dialog', (on) => on.getByRole('button', { name: 'Clean up …' })],
    ]
    const problems: Record<string, string> = {}
    const overlay = page.locator('.v-overlay--active:has(> .v-overlay__content):not(.v-tooltip)')
    const opened = everyNth(OPENED, 3, import.meta.filename)
    for (const [i, [at, kind, opener]] of opened.entries()) {
      await page.goto(`${full.server.windowAddress}#${at}`)
      if (i === 0 || opened[i - 1]![0] !== at) await page.reload()
      const button = opener(page).first()
      await button.waitFor()
      await expect.poll(() => button.isEnabled()).toBe(true)
      const name = `${at.replace(/[a-z0-9]{8,}/g, '')} ${String(opener).slice(9)}`
      try {
        await button.focus()
        await page.keyboard.press('Enter')
        await overlay.waitFor()
        // Users press no key before an overlay has opened.
        await calm(page)
        const inside = () => page.evaluate<boolean>(`document.activeElement.closest('.v-overlay--active') !== null`)
        if (kind !== 'menu') await expect.poll(inside, { message: 'begins inside' }).toBe(true)
        if (kind === 'dialog') {
          for (let press = 0; press < 3; press++) await page.keyboard.press('Tab')
          expect(await inside(), 'holds the focus').toBe(true)
        } else if (kind === 'menu') {
          const item = () => page.evaluate<string>(`document.activeElement.closest('.v-list-item')?.textContent ?? ''`)
          await page.keyboard.press('ArrowDown')
          await expect.poll(item, { message: 'an entry has the focus' }).not.toBe('')
          const first = await item()
          await page.keyboard.press('ArrowDown')
          await expect.poll(item, { message: 'arrows lead on' }).not.toBe(first)
        }
        await page.keyboard.press('Escape')
        await overlay.waitFor({ state: 'detached' })
        await expect.poll(() => button.evaluate((element) => element.matches(':focus')), { message: 'gives the focus back' }).toBe(true)
      } catch (error) {
        problems[name] = (error as Error).message
      }
    }
    expect(problems).toEqual({})
    await context.close()
  })

  it('tabs, columns, legends, borders between panes, sliders and images do what the pointer does', async () => {
    const { page, context, complaints } = await openPage(browser, { width: 1600 })
    await page.goto(`${full.server.windowAddress}#/runs/${home.finished}?tab=charts`)
    const tab = (name: RegExp) => page.getByRole('tab', { name })
    await tab(/^Charts/).focus()
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => tab(/^Evaluation/).evaluate((element) => element.matches(':focus'))).toBe(true)
    await page.keyboard.press('Enter')
    await expect.poll(() => page.url()).toContain('tab=evaluation')
    await page.keyboard.press('ArrowLeft')
    await expect.poll(() => tab(/^Charts/).evaluate((element) => element.matches(':focus'))).toBe(true)
    await page.keyboard.press('Enter')
    await expect.poll(() => page.url()).toContain('tab=charts')

    // A legend: off, on, alone; and the smoothing weight by the arrow keys of its slider.
    const entry = page.locator('[data-chart="loss"] [data-line="train/loss"] button')
    await entry.focus()
    await page.keyboard.press('Space')
    await expect.poll(() => entry.getAttribute('aria-pressed')).toBe('false')
    await page.keyboard.press('Enter')
    await expect.poll(() => entry.getAttribute('aria-pressed')).toBe('true')
    const slider = page.getByLabel('Smoothing weight')
    await slider.focus()
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => page.locator('.weight').innerText()).not.toBe('off')
    await page.keyboard.press('Home')
    await expect.poll(() => page.locator('.weight').innerText()).toBe('off')

    // Sorts by a column, in both directions; with Shift in addition to another one.
    await page.goto(`${full.server.address}/#/runs`)
    const sorter = (key: string) => page.locator(`th[data-column="${key}"]`)
    await page.locator('tr[data-row=run]').first().waitFor()
    await sorter('name').locator('.sorter').focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => sorter('name').getAttribute('aria-sort')).toBe('ascending')
    await page.keyboard.press('Enter')
    await expect.poll(() => sorter('name').getAttribute('aria-sort')).toBe('descending')
    await sorter('status').locator('.sorter').focus()
    await page.keyboard.press('Shift+Enter')
    await expect.poll(() => sorter('status').getAttribute('aria-sort')).toBe('ascending')
    expect(await sorter('name').getAttribute('aria-sort')).toBe('descending')

    // Panes and images.
    await page.goto(`${full.server.address}/#/datasets/mnist`)
    await page.locator('[data-place="0"]').waitFor()
    const border = page.getByRole('separator').first()
    const width = async () => Number(await border.getAttribute('aria-valuenow'))
    await border.focus()
    await expect.poll(() => border.evaluate((element) => element.matches(':focus'))).toBe(true)
    const before = await width()
    await page.keyboard.press('ArrowLeft')
    await expect.poll(width).toBe(before - 2)
    await page.keyboard.press('Enter')
    await expect.poll(width).toBe(before)
    await page.locator('[data-place="0"]').focus()
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => page.locator('[data-place="1"]').evaluate((element) => element.matches(':focus'))).toBe(true)
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('[data-place="1"]').getAttribute('aria-pressed')).toBe('true')
    await page.getByTestId('augment').waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })
})
