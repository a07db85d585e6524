import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listFolder } from '../../src-main/storage/list-folder.js'
import { withPath } from '../../src-renderer/home/recent-paths.js'
import { temporaryFolder } from '../fixtures/home.js'

describe('a folder to choose a path from', () => {
  it('is listed with folders first, where links lead, and without what is hidden; of a file, what is beside it', async () => {
    using folder = temporaryFolder()
    mkdirSync(join(folder.path, 'b'), { recursive: true })
    writeFileSync(join(folder.path, 'a.npz'), 'four')
    writeFileSync(join(folder.path, '.hidden'), '')
    symlinkSync(join(folder.path, 'b'), join(folder.path, 'link'))
    symlinkSync(join(folder.path, 'gone'), join(folder.path, 'nowhere'))
    const listing = await listFolder(join(folder.path, 'a.npz'))
    expect(listing).toEqual({
      path: folder.path,
      parent: join(folder.path, '..'),
      entries: [
        { name: 'b', folder: true, bytes: null },
        { name: 'link', folder: true, bytes: null },
        { name: 'a.npz', folder: false, bytes: 4 },
        { name: 'nowhere', folder: false, bytes: null },
      ],
      more: 0,
    })
    await expect(listFolder(join(folder.path, 'gone'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: /gone cannot be listed \(ENOENT\)/,
    })
    expect((await listFolder('/')).parent).toBeNull()
  })

  it('remembers the last paths of each kind once', () => {
    let all: Record<string, string[]> = {}
    for (const path of ['/a', '/b', '/a', ...Array.from({ length: 9 }, (_, i) => `/${i}`)]) all = withPath(all, 'run', path)
    expect(all['run']).toEqual(['/8', '/7', '/6', '/5', '/4', '/3', '/2', '/1'])
    expect(withPath({ run: ['/b', '/a'] }, 'run', '/a')).toEqual({ run: ['/a', '/b'] })
  })
})
