import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/contract/errors.js'
import { openDatabase } from '../../src-main/storage/database.js'
import { explainDiskError } from '../../src-main/storage/disk-errors.js'
import { openDriver } from '../../src-main/sqlite/driver.mjs'
import { APPLICATION_ID } from '../../src-main/storage/identity.js'
import { migrateTo } from '../../src-main/storage/migrate.js'
import { TABLES } from '../../src-main/storage/tables.js'
import { temporaryDatabase, temporaryFolder } from '../fixtures/home.js'

describe('a database', () => {
  it('has the tables that the stores know, all of them strict', async () => {
    using home = await temporaryDatabase()
    const found = home.db
      .prepare<{ name: string; strict: number }>(
        "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .all()
    expect(found).toEqual(
      Object.keys(TABLES)
        .sort()
        .map((name) => ({ name, strict: 1 })),
    )
  })

  it.each(Object.entries(TABLES))('has the columns that the stores know in %s', async (name, table) => {
    using home = await temporaryDatabase()
    const columns = home.db
      .prepare<{ name: string; type: string; notnull: number; pk: number }>(
        `SELECT name, type, "notnull", pk FROM pragma_table_info('${name}')`,
      )
      .all()
    expect(
      Object.fromEntries(columns.map((column) => [column.name, { type: column.type, nullable: !column.notnull && !column.pk }])),
    ).toEqual(table)
  })

  it('syncs every commit and checks references', async () => {
    using home = await temporaryDatabase()
    expect(home.db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(home.db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
    expect(home.db.prepare('PRAGMA foreign_keys').get()).toEqual({ foreign_keys: 1 })
    expect(home.db.problems()).toEqual([])
  })

  it('keeps nothing of a transaction that fails', async () => {
    using home = await temporaryDatabase()
    const insert = home.db.prepare("INSERT INTO settings VALUES ('a', '1')")
    expect(() =>
      home.db.immediate(() => {
        insert.run()
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(home.db.prepare('SELECT * FROM settings').all()).toEqual([])
  })

  it('opens again with what it held', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    const first = await openDatabase(file)
    first.prepare("INSERT INTO settings VALUES ('a', '1')").run()
    first.close()
    const second = await openDatabase(file)
    expect(second.prepare('SELECT * FROM settings').all()).toEqual([{ key: 'a', value: '1' }])
    second.close()
  })

  it('from a newer version is refused and left as it was', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    const raw = await openDriver(file)
    raw.pragma('user_version = 999')
    raw.pragma(`application_id = ${APPLICATION_ID}`)
    raw.close()
    const refusal = openDatabase(file)
    await expect(refusal).rejects.toThrow(UserError)
    await expect(refusal).rejects.toThrow(/newer Retrace .*Update Retrace/)
    const again = await openDriver(file)
    expect(again.pragma('user_version', { simple: true })).toBe(999)
    expect(again.prepare('SELECT count(*) AS n FROM sqlite_master').get()).toEqual({ n: 0 })
    again.close()
  })

  it.each<[string, (db: Awaited<ReturnType<typeof openDriver>>) => unknown, RegExp]>([
    [
      'of another program',
      (db) => db.exec('CREATE TABLE contacts (name TEXT)'),
      /is not a Retrace database and was not changed\. Move it away/,
    ],
    [
      'of another program that counts versions as well',
      (db) => db.exec('CREATE TABLE contacts (name TEXT); PRAGMA user_version = 3'),
      /no table/,
    ],
    ['of another program that names itself', (db) => db.pragma('application_id = 1'), /is not a Retrace database/],
    ['with a later version of another program', (db) => db.pragma('user_version = 999'), /is not a Retrace database/],
    ['with tables of the same names', (db) => db.exec('CREATE TABLE runs (id TEXT); PRAGMA user_version = 1'), /no (table|column)/],
  ])('%s is not migrated and left as it was', async (_, make, message) => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    const raw = await openDriver(file)
    make(raw)
    raw.close()
    const before = readFileSync(file)
    await expect(openDatabase(file)).rejects.toMatchObject({ code: 'DISK', message: expect.stringMatching(message) })
    expect(readFileSync(file)).toEqual(before)
    expect(readdirSync(folder.path)).toEqual(['retrace.sqlite'])
  })

  it('names its program, also when an earlier version made it', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    const raw = await openDriver(file)
    // The last version without an application id.
    migrateTo(raw, 14)
    raw.close()
    const db = await openDatabase(file)
    expect(db.prepare('PRAGMA application_id').get()).toEqual({ application_id: APPLICATION_ID })
    db.close()
  })

  it.each([
    ['that cannot be made', (path: string) => mkdirSync(path), /Cannot write/],
    ['that is no database', (path: string) => writeFileSync(path, 'x'.repeat(5000)), /is damaged .*backup/],
  ])('%s is refused with the remedy', async (_, spoil, message) => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    spoil(file)
    await expect(openDatabase(file)).rejects.toMatchObject({ name: 'UserError', code: 'DISK', message: expect.stringMatching(message) })
  })

  it('that another program has locked is reported as in use', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    ;(await openDatabase(file)).close()
    const other = await openDriver(file)
    other.exec('BEGIN EXCLUSIVE')
    const db = await openDriver(file)
    db.pragma('busy_timeout = 10')
    let error: unknown
    try {
      db.exec('BEGIN IMMEDIATE')
    } catch (caught) {
      error = explainDiskError(caught, file)
    }
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('in use') })
    db.close()
    other.close()
  })

  it('on a full disk says so', async () => {
    using folder = temporaryFolder()
    const db = await openDriver(join(folder.path, 'retrace.sqlite'))
    db.exec('CREATE TABLE t (b BLOB)')
    db.pragma('max_page_count = 4')
    let error: unknown
    try {
      db.prepare('INSERT INTO t VALUES (zeroblob(100000))').run()
    } catch (caught) {
      error = explainDiskError(caught, 'HOME')
    }
    expect(error).toMatchObject({ code: 'DISK', message: 'The disk of HOME is full. Free some space and try again.' })
    db.close()
  })

  it('cut short by a crash opens with all that was committed', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    const db = await openDatabase(file)
    db.prepare("INSERT INTO settings VALUES ('a', '1')").run()
    const copy = join(folder.path, 'copy.sqlite')
    // The files as left by a crash: the commit is only in the write-ahead log.
    copyFileSync(file, copy)
    copyFileSync(`${file}-wal`, `${copy}-wal`)
    db.close()
    const survivor = await openDatabase(copy)
    expect(survivor.prepare('SELECT * FROM settings').all()).toEqual([{ key: 'a', value: '1' }])
    expect(survivor.problems()).toEqual([])
    survivor.close()
  })
})
