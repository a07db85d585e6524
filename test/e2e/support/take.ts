import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { downloadOf } from './exported.js'

/** The content of the file downloaded by a user action. */
export async function downloaded(page: Page, act: () => Promise<unknown>): Promise<Buffer> {
  const file = await downloadOf(page, act)
  return readFileSync(await file.path())
}

/** Texts of an exported picture that overlap, or extend beyond it. */
export async function unreadable(page: Page, svg: string): Promise<string[]> {
  const sheet = await page.context().newPage()
  await sheet.setContent(`<body style="margin:0">${svg}</body>`)
  // Passed as text, because code that runs in the page has types that the rest of this program does not have.
  const found = await sheet.evaluate<string[]>(`(() => {
    const sheet = document.querySelector('svg').getBoundingClientRect()
    const texts = [...document.querySelectorAll('svg text')].map((text) => [text.textContent, text.getBoundingClientRect()])
    const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 2 && b.top < a.bottom - 2
    const outside = texts.filter(([, box]) => box.left < -1 || box.right > sheet.width + 1 || box.top < -1 || box.bottom > sheet.height + 1)
    const pairs = texts.flatMap(([text, box], i) => texts.slice(i + 1).filter(([, other]) => over(box, other)).map(([other]) => text + ' over ' + other))
    return [...outside.map(([text]) => text + ' outside'), ...pairs]
  })()`)
  await sheet.close()
  return found
}
