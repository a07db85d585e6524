import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const MOST = 300
const REASON = 'Longer than 300 lines because'

/** Why a file is too long, in words; null if it is not, or its first ten lines say why. */
function tooLong(text: string): string | null {
  const lines = text.trimEnd().split('\n')
  if (lines.length <= MOST || lines.slice(0, 10).some((line) => line.includes(REASON))) return null
  return `${lines.length} lines: divide it, or say in its head: "${REASON} ..."`
}

test('no source file has more than 300 lines without saying why', () => {
  const files = ['src-main', 'src-renderer'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|vue|js|mjs|cjs|css|sql|html)$/.test(name))
      .map((name) => join(folder, name)),
  )
  expect(files.length).toBeGreaterThan(500)
  const found = Object.fromEntries(
    files.flatMap((file) => {
      const why = tooLong(readFileSync(join(ROOT, file), 'utf8'))
      return why ? [[file, why]] : []
    }),
  )
  expect(found).toEqual({})
})

test('a longer file is found, unless its head has the reason', () => {
  const lines = (count: number): string => 'const a = 1\n'.repeat(count)
  expect(tooLong(lines(300))).toBeNull()
  expect(tooLong(lines(301))).toMatch(/^301 lines/)
  expect(tooLong(`/** ${REASON} it is one table. */\n${lines(300)}`)).toBeNull()
  expect(tooLong(`${lines(300)}// ${REASON} it is late.\n`)).toMatch(/^301 lines/)
})
