import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { expect, it } from 'vitest'
import { findProblems } from '../../src-main/storage/integrity.js'
import { temporaryDatabase } from '../fixtures/home.js'

it('a database can be checked while it is being written', async () => {
  using home = await temporaryDatabase()
  const insert = home.db.prepare('INSERT INTO settings VALUES (?, ?)')
  const checking = findProblems(home.db.file)
  for (let at = 0; at < 50; at++) insert.run(`key${at}`, '1')
  expect(await checking).toEqual([])
  expect(home.db.problems()).toEqual([])
})

it('finds a row whose reference is missing, and overwritten pages', async () => {
  using home = await temporaryDatabase()
  home.db.prepare('PRAGMA foreign_keys = OFF').run()
  home.db.prepare("INSERT INTO log (runId, at, level, message) VALUES ('gone', 0, 'info', 'text')").run()
  const insert = home.db.prepare('INSERT INTO settings VALUES (?, ?)')
  home.db.immediate(() => {
    for (let at = 0; at < 2000; at++) insert.run(`key${at}`, '"some text that fills pages"')
  })
  expect(await findProblems(home.db.file)).toEqual(['log: a row refers to a missing row'])
  home.db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
  const handle = openSync(home.db.file, 'r+')
  writeSync(handle, Buffer.alloc(4096, 0xa5), 0, 4096, statSync(home.db.file).size - 3 * 4096)
  closeSync(handle)
  expect(await findProblems(home.db.file)).not.toEqual(['log: a row refers to a missing row'])
  expect(await findProblems(home.db.file)).not.toEqual([])
})

it('ends when the signal aborts, and names a file that cannot be read', async () => {
  using home = await temporaryDatabase()
  const controller = new AbortController()
  const checking = findProblems(home.db.file, controller.signal)
  controller.abort(new Error('enough'))
  await expect(checking).rejects.toThrow('enough')
  await expect(findProblems(`${home.db.file}.missing`)).rejects.toThrow(/missing/)
})
