import type { Page } from 'playwright-core'

/** Pictures for whoever changes a page, where RETRACE_PICTURES names a folder. */
export async function picture(page: Page, name: string, options: { fullPage?: boolean } = {}): Promise<void> {
  const folder = process.env['RETRACE_PICTURES']
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, ...options })
}
