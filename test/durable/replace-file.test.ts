import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { replaceFile, replaceTextSync } from '../../src-main/durable/replace-file.js'
import { temporaryFolder } from '../fixtures/home.js'

describe('a file in the place of another', () => {
  it('is the new one, whole, with nothing beside it', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'file')
    for (const text of ['old', 'new'])
      await replaceFile(path, async (temporary) => {
        expect(temporary).not.toBe(path)
        await writeFile(temporary, text)
      })
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(readdirSync(folder.path)).toEqual(['file'])
  })

  it.each([
    ['writing fails', { write: () => Promise.reject(new Error('no')) }],
    ['it may not be placed any more', { mayPlace: () => Promise.reject(new Error('no')) }],
  ])(
    'is the old one when %s, with nothing beside it',
    async (_, { write, mayPlace }: { write?: () => Promise<void>; mayPlace?: () => Promise<void> }) => {
      using folder = temporaryFolder()
      const path = join(folder.path, 'file')
      writeFileSync(path, 'old')
      const attempt = replaceFile(
        path,
        async (temporary) => {
          await writeFile(temporary, 'half')
          await write?.()
        },
        mayPlace ? { mayPlace } : {},
      )
      await expect(attempt).rejects.toThrow('no')
      expect(readFileSync(path, 'utf8')).toBe('old')
      expect(readdirSync(folder.path)).toEqual(['file'])
    },
  )

  it('overwrites nothing where it was not told to, whether that was there before or came meanwhile', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'file')
    const refusal = { code: 'CONFLICT', message: `${path} already exists. Choose another name, or remove it first.` }
    const write = (temporary: string): Promise<void> => writeFile(temporary, 'new')
    await replaceFile(path, write, { overwrite: false })
    expect(readFileSync(path, 'utf8')).toBe('new')

    let worked = false
    await expect(replaceFile(path, async () => void (worked = true), { overwrite: false })).rejects.toMatchObject(refusal)
    expect(worked, 'long work is not done for nothing').toBe(false)

    rmSync(path)
    const late = async (temporary: string): Promise<void> => {
      await write(temporary)
      writeFileSync(path, 'of another')
    }
    await expect(replaceFile(path, late, { overwrite: false })).rejects.toMatchObject(refusal)
    expect(readFileSync(path, 'utf8')).toBe('of another')
    expect(readdirSync(folder.path)).toEqual(['file'])

    // A dangling link counts as an existing name too.
    rmSync(path)
    symlinkSync(join(folder.path, 'elsewhere'), path)
    await expect(replaceFile(path, write, { overwrite: false })).rejects.toMatchObject(refusal)
    expect(existsSync(join(folder.path, 'elsewhere'))).toBe(false)
  })

  it('may be a copy that nobody can write to', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'file')
    await replaceFile(path, async (temporary) => {
      await writeFile(temporary, 'read only')
      chmodSync(temporary, 0o444)
    })
    expect(readFileSync(path, 'utf8')).toBe('read only')
  })

  it('is for its user alone where that is asked for, also in the place of one that was not', () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'file')
    replaceTextSync(path, 'for all', { mode: 0o644 })
    replaceTextSync(path, 'a token', { mode: 0o600 })
    expect(readFileSync(path, 'utf8')).toBe('a token')
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder.path)).toEqual(['file'])
    expect(() => replaceTextSync(join(folder.path, 'none', 'file'), '')).toThrow('ENOENT')
  })
})
