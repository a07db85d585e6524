import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDriver } from '../../src-main/sqlite/driver.mjs'
import { keepBefore, upgradesFolder } from '../../src-main/storage/before-upgrade.js'
import { openDatabase } from '../../src-main/storage/database.js'
import { APPLICATION_ID } from '../../src-main/storage/identity.js'
import { migrateTo, SCHEMA_VERSION } from '../../src-main/storage/migrate.js'
import { temporaryFolder } from '../fixtures/home.js'

/** A home whose database was written by an earlier version. */
async function oldHome(home: string, version: number): Promise<string> {
  const file = join(home, 'retrace.sqlite')
  const raw = await openDriver(file)
  raw.pragma(`application_id = ${APPLICATION_ID}`)
  migrateTo(raw, version)
  raw.exec("INSERT INTO settings (key, value) VALUES ('disk.warnGiB', '7')")
  raw.close()
  return file
}

const versionOf = async (file: string): Promise<{ version: number; settings: unknown[] }> => {
  const raw = await openDriver(file)
  const found = {
    version: Number(raw.pragma('user_version', { simple: true })),
    settings: raw.prepare('SELECT key, value FROM settings').all(),
  }
  raw.close()
  return found
}

describe('the first start of a newer version', () => {
  it('keeps the database as it was, and then migrates it', async () => {
    using folder = temporaryFolder()
    const file = await oldHome(folder.path, 14)
    const open = () => openDatabase(file, { beforeMigration: (db, version) => void keepBefore(db, folder.path, version) })
    ;(await open()).close()
    expect((await versionOf(file)).version).toBe(SCHEMA_VERSION)
    expect(readdirSync(upgradesFolder(folder.path))).toEqual(['retrace-0014.sqlite'])
    expect(await versionOf(join(upgradesFolder(folder.path), 'retrace-0014.sqlite'))).toMatchObject({
      version: 14,
      settings: [{ key: 'disk.warnGiB', value: '7' }],
    })
    ;(await open()).close()
    expect(readdirSync(upgradesFolder(folder.path)), 'later starts keep nothing').toHaveLength(1)
  })

  it('keeps the newest few', async () => {
    using folder = temporaryFolder()
    const raw = await openDriver(await oldHome(folder.path, 14))
    for (const version of [9, 10, 11, 12, 13]) keepBefore(raw, folder.path, version)
    raw.close()
    expect(readdirSync(upgradesFolder(folder.path))).toEqual(['retrace-0011.sqlite', 'retrace-0012.sqlite', 'retrace-0013.sqlite'])
  })

  it('migrates nothing where the copy cannot be made, and makes none of an empty database', async () => {
    using folder = temporaryFolder()
    const file = await oldHome(folder.path, 14)
    const refuse = (): void => {
      throw new Error('no room')
    }
    await expect(openDatabase(file, { beforeMigration: refuse })).rejects.toThrow('no room')
    expect((await versionOf(file)).version).toBe(14)
    ;(await openDatabase(join(folder.path, 'fresh.sqlite'), { beforeMigration: refuse })).close()
  })
})
