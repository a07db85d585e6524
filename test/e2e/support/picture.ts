import type { Page } from 'playwright-core'

/** Screenshots for reviewing changes to a page, if RETRACE_PICTURES names a folder. */
export async function picture(page: Page, name: string, options: { fullPage?: boolean } = {}): Promise<void> {
  const folder = process.env['RETRACE_PICTURES']
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, ...options })
}
