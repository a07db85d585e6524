import { cpSync, mkdtempSync, readdirSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CIFAR_PIXELS, cifarRecords, folderWith, idx, noise, npy, tarGzOf } from '../data/helpers.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { startServer, type RunningServer } from './support/server.js'
import { openPage } from './support/watched-page.js'
import { removeFolder } from '../fixtures/home.js'
import { zipSync } from '../fixtures/zip.js'
import { everyNth } from '../fixtures/slice.js'

const STL_PIXELS = 3 * 96 * 96
const picture = (): Promise<Buffer> => sharp({ create: { width: 8, height: 8, channels: 3, background: '#888' } }).png().toBuffer() // prettier-ignore
const fine = (labels: number): Uint8Array => cifarRecords(Array.from({ length: labels }, (_, i) => [i % 20, i]), noise('fine', labels * CIFAR_PIXELS)) // prettier-ignore
const batch = cifarRecords([[3], [5]], noise('coarse', 2 * CIFAR_PIXELS))
const names = (count: number): string => Array.from({ length: count }, (_, i) => `class ${i}\n`).join('')

/** Typical data on users' disks, by the folder that is dropped, or whose files are dropped. */
const KINDS: Record<string, { folder: string | null; files(): Promise<Record<string, Uint8Array | string>>; expected: RegExp }> = {
  'CIFAR-10, a folder': {
    folder: 'cifar-10-batches-bin',
    files: async () => ({ 'data_batch_1.bin': batch, 'test_batch.bin': batch, 'batches.meta.txt': names(10) }),
    expected: /cifar-10.*2 training images/s,
  },
  'CIFAR-100, an archive': {
    folder: null,
    files: async () => ({
      'cifar-100-binary.tar.gz': await tarGzOf([
        { header: { name: 'cifar-100-binary/train.bin' }, content: fine(4) },
        { header: { name: 'cifar-100-binary/test.bin' }, content: fine(2) },
      ]),
    }),
    expected: /cifar-100.*4 training images/s,
  },
  'STL-10, a folder': {
    folder: 'stl10_binary',
    files: async () => ({
      'train_X.bin': noise('stl', 2 * STL_PIXELS),
      'train_y.bin': Uint8Array.of(1, 10),
      'unlabeled_X.bin': noise('more', 3 * STL_PIXELS),
    }),
    expected: /stl-10.*2 training images/s,
  },
  'IDX, packed files beside each other': {
    folder: null,
    files: async () => ({
      'train-images-idx3-ubyte.gz': gzipSync(idx([3, 6, 4], noise('idx', 3 * 24))),
      'train-labels-idx1-ubyte.gz': gzipSync(idx([3], Uint8Array.of(0, 1, 2))),
    }),
    expected: /idx.*3 training images/s,
  },
  'images in train and val': {
    folder: 'pictures',
    files: async () => ({ 'train/a/1.png': await picture(), 'train/b/1.png': await picture(), 'val/a/1.png': await picture() }),
    expected: /pictures.*2 training images/s,
  },
  'arrays of NumPy': {
    folder: null,
    files: async () => ({
      'arrays.npz': zipSync({
        'images.npy': npy('|u1', [4, 5, 5, 3], noise('npz', 300)),
        'labels.npy': npy('|u1', [4], Uint8Array.of(0, 1, 0, 1)),
      }),
    }),
    expected: /arrays.*4 training images/s,
  },
}

/** Files and folders on disk, dropped as by a user: Chromium reads them itself. */
describe.skipIf(noBrowser)('imports in the window', () => {
  let browser: Browser
  let home: string
  let server: RunningServer

  beforeAll(async () => {
    const { server: entry } = await builtWorkbench()
    home = mkdtempSync(join(tmpdir(), 'retrace-e2e-drops-'))
    server = await startServer(entry, home)
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    if (home) removeFolder(home)
  })

  it.each(everyNth(Object.keys(KINDS), 3, import.meta.filename))('%s, dropped, is sent, recognised, and imported', async (kind) => {
    const { folder, files, expected } = KINDS[kind]!
    const source = await folderWith(await files())
    let dropped = readdirSync(source).map((name) => join(source, name))
    if (folder) {
      const named = join(await folderWith({ 'beside.txt': '' }), folder)
      cpSync(source, named, { recursive: true })
      dropped = [named]
    }
    const { page, context, complaints } = await openPage(browser)
    page.setDefaultTimeout(30_000)
    await page.goto(await server.windowAddress())
    await page.getByRole('link', { name: 'Data sets', exact: true }).click()
    await page.locator('[data-dataset="mnist"]').waitFor()
    const cdp = await context.newCDPSession(page)
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await cdp.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data: { items: [], files: dropped, dragOperationsMask: 1 } })
    await page.getByTestId('import-estimate').getByText('are free').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Import', exact: true }).click()
    await expect.poll(() => page.locator('body').innerText(), { timeout: 20_000 }).toMatch(expected)
    if (kind.startsWith('STL')) {
      await page.getByTestId('imported').getByRole('link', { name: 'stl-10', exact: true }).click()
      await page.getByTestId('dataset-name').waitFor()
      expect(await page.locator('main').innerText()).toMatch(/3\s*unlabelled|unlabelled\s*3/i)
    }
    await expect.poll(() => readdirSync(join(home, 'uploads'))).toEqual([])
    expect(complaints).toEqual([])
    await context.close()
  })

  it('one that is cancelled ends at once and leaves nothing behind', async () => {
    // Half a million images of zeros in a sparse file.
    const source = await folderWith({ 'data_batch_1.bin': '' })
    truncateSync(join(source, 'data_batch_1.bin'), 500_000 * (1 + CIFAR_PIXELS))
    const { page, context, complaints } = await openPage(browser)
    page.setDefaultTimeout(30_000)
    await page.goto(await server.windowAddress())
    await page.getByRole('link', { name: 'Data sets', exact: true }).click()
    await page.locator('[data-dataset="mnist"]').waitFor()
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByTestId('import-path').locator('input').fill(source)
    await page.getByTestId('import-estimate').getByText('are free').waitFor()
    await page.getByLabel('Name').fill('cancelled')
    const before = readdirSync(join(home, 'datasets')).sort()
    await page.getByRole('dialog').getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText('reading data_batch_1.bin').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('reading data_batch_1.bin').waitFor({ state: 'hidden' })
    await expect.poll(() => readdirSync(join(home, 'datasets')).sort()).toEqual(before)
    expect(await page.locator('[data-dataset="cancelled"]').count()).toBe(0)
    expect(complaints).toEqual([])
    await context.close()
  })
})
