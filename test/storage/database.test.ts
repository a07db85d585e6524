import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { is } from 'drizzle-orm'
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/contract/errors.js'
import { openDatabase } from '../../src-main/storage/database.js'
import { explainDiskError } from '../../src-main/storage/disk-errors.js'
import { openDriver } from '../../src-main/storage/driver.js'
import * as schema from '../../src-main/storage/schema.js'
import { temporaryDatabase, temporaryFolder } from '../fixtures/home.js'

const TYPES: Record<string, string> = { integer: 'INTEGER', real: 'REAL', text: 'TEXT', blob: 'BLOB' }
const tables = Object.values(schema).filter((value) => is(value, SQLiteTable)) as SQLiteTable[]

describe('a database', () => {
  it('has the tables of the schema, all of them strict', async () => {
    using home = await temporaryDatabase()
    const found = home.db
      .prepare<{ name: string; strict: number }>(
        "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .all()
    expect(found).toEqual(
      tables.map((table) => ({ name: getTableConfig(table).name, strict: 1 })).sort((a, b) => (a.name < b.name ? -1 : 1)),
    )
  })

  it.each(tables.map((table) => [getTableConfig(table).name, table] as const))(
    'has the columns of the schema in %s',
    async (name, table) => {
      using home = await temporaryDatabase()
      const columns = home.db
        .prepare<{ name: string; type: string; notnull: number; pk: number }>(
          `SELECT name, type, "notnull", pk FROM pragma_table_info('${name}')`,
        )
        .all()
      const shape = (columnName: string, type: string, notNull: boolean): string => `${columnName} ${type} ${notNull ? 'not null' : 'null'}`
      expect(columns.map((column) => shape(column.name, column.type, column.notnull === 1 || column.pk > 0)).sort()).toEqual(
        getTableConfig(table)
          .columns.map((column) => shape(column.name, TYPES[column.getSQLType()] ?? column.getSQLType(), column.notNull || column.primary))
          .sort(),
      )
    },
  )

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
    raw.close()
    const refusal = openDatabase(file)
    await expect(refusal).rejects.toThrow(UserError)
    await expect(refusal).rejects.toThrow(/newer Retrace .*update Retrace/)
    const again = await openDriver(file)
    expect(again.pragma('user_version', { simple: true })).toBe(999)
    expect(again.prepare('SELECT count(*) AS n FROM sqlite_master').get()).toEqual({ n: 0 })
    again.close()
  })

  it.each([
    ['that cannot be made', (path: string) => mkdirSync(path), /cannot be written/],
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
    expect(error).toMatchObject({ code: 'DISK', message: 'The disk that holds HOME is full: free some space and try again.' })
    db.close()
  })

  it('cut short by a crash opens with all that was committed', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'retrace.sqlite')
    const db = await openDatabase(file)
    db.prepare("INSERT INTO settings VALUES ('a', '1')").run()
    const copy = join(folder.path, 'copy.sqlite')
    // The files as a crash would leave them: the commit is in the write-ahead log alone.
    copyFileSync(file, copy)
    copyFileSync(`${file}-wal`, `${copy}-wal`)
    db.close()
    const survivor = await openDatabase(copy)
    expect(survivor.prepare('SELECT * FROM settings').all()).toEqual([{ key: 'a', value: '1' }])
    expect(survivor.problems()).toEqual([])
    survivor.close()
  })
})
