import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isAtWork, makerIn, makerNow, unfinishedAt, unfinishedFile, unfinishedFolder } from '../../src-main/durable/unfinished.js'
import { birthOf, isAlive } from '../../src-main/processes/alive.js'

describe('names of what is unfinished', () => {
  it('are known by who makes them, and tell the process', () => {
    const maker = { pid: process.pid, birth: birthOf(process.pid) }
    for (const path of ['host.json', 'runs/a/checkpoints/step-1.safetensors', 'datasets/d/dataset.json', 'exports/run.tar.gz'])
      expect(unfinishedAt(unfinishedFile(path), 'file')).toEqual({ purpose: 'file', maker })
    for (const purpose of ['importing', 'backup', 'restore-unpacking'] as const)
      expect(unfinishedAt(basename(unfinishedFolder('/home', purpose)), 'folder')).toEqual({ purpose, maker })
    expect(unfinishedAt(`uploads/${process.pid}`, 'folder')).toEqual({ purpose: 'upload', maker: { pid: process.pid, birth: null } })
    expect(makerIn(`binding-${makerNow()}`)).toEqual(maker)
  })

  it.each([
    ['.restore-unpacking', 'folder', { purpose: 'restore-unpacking', maker: null }],
    ['.backup-0123abcd', 'folder', { purpose: 'backup', maker: null }],
    ['datasets/.importing-12-0123abcd', 'folder', { purpose: 'importing', maker: { pid: 12, birth: null } }],
    ['exports/run.tar.gz.unfinished-34', 'file', { purpose: 'file', maker: { pid: 34, birth: null } }],
    ['runs/a/checkpoints/step-1.safetensors.56.part', 'file', { purpose: 'file', maker: { pid: 56, birth: null } }],
    ['runs/a/checkpoints/.lease.3.tmp', 'file', { purpose: 'file', maker: null }],
    ['datasets/d/dataset.json.new', 'file', { purpose: 'file', maker: null }],
    ['host.json.78.tmp', 'file', { purpose: 'file', maker: { pid: 78, birth: null } }],
    ['uploads/01234567-89ab-cdef-0123-456789abcdef', 'folder', { purpose: 'upload', maker: null }],
  ] as const)('of earlier versions are known: %s', (path, kind, found) => expect(unfinishedAt(path, kind)).toEqual(found))

  it.each([
    'notes.12.tmp',
    'exports/film.part',
    'exports/film.12.part',
    'runs/a/checkpoints/step-1.safetensors',
    'runs/a/checkpoints/lease',
    'datasets/d/dataset.json',
    'unfinished-12',
    '.importing-12-0123abcd',
    'retrace.sqlite',
  ])('are not those of others: the file %s', (path) => expect(unfinishedAt(path, 'file')).toBeNull())

  it.each(['.restore-ready', '.restore-placing', 'home.before-restore-2026', 'datasets/mnist', 'uploads', 'runs/a'])(
    'are not those of others: the folder %s',
    (path) => expect(unfinishedAt(path, 'folder')).toBeNull(),
  )
})

describe('the process that makes something', () => {
  it('is at work while it lives, and not when it is gone or only waits for its parent to hear of it', async () => {
    const { pid } = spawnSync(process.execPath, ['--version'])
    expect([isAlive(pid), isAlive(process.pid), isAlive(process.ppid)]).toEqual([false, true, true])
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'])
    const maker = { pid: child.pid!, birth: birthOf(child.pid!) }
    expect(isAtWork(maker)).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(isAtWork(maker)).toBe(false)
  })

  it.runIf(process.platform === 'linux')('is none that got its number later', () => {
    const parent = { pid: process.ppid, birth: birthOf(process.ppid) }
    expect(parent.birth).toMatch(/^[0-9a-f]{8}$/)
    expect(birthOf(process.ppid)).toBe(parent.birth)
    expect([isAtWork(parent), isAtWork({ ...parent, birth: '00000000' })]).toEqual([true, false])
  })

  it('is any of that number where an earlier version made it', () =>
    expect(isAtWork(unfinishedAt(`uploads/${process.ppid}`, 'folder')!.maker!)).toBe(true))
})
