import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { LONGEST } from './longest-first.js'

test('every file that is to run first exists', () => {
  const root = resolve(import.meta.dirname, '..')
  expect(LONGEST.filter((file) => !existsSync(join(root, file)))).toEqual([])
})
