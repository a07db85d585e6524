import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/contract/errors.js'
import { parseNumpyPickle } from '../../src-main/data/numpy-pickle.js'

const recorded = (name: string): Promise<Buffer> => readFile(join(import.meta.dirname, 'pickles', `${name}.pickle`))
const read = (bytes: Buffer | string): unknown => parseNumpyPickle(Buffer.from(bytes as string, 'latin1'), 'batch')

/** Reads, and allows only errors meant for users. */
function readOrRefuse(bytes: Buffer): 'read' | 'refused' {
  try {
    parseNumpyPickle(bytes, 'batch')
    return 'read'
  } catch (error) {
    if (error instanceof UserError && error.code === 'BAD_INPUT') return 'refused'
    throw error
  }
}

describe('a pickle', () => {
  it.each([
    ['None', '\x80\x02N.', null],
    ['a negative integer', '\x80\x02J\xfe\xff\xff\xff.', -2],
    ['a long', '\x80\x02\x8a\x03\x00\x00\xff.', -65536],
    ['a float', '\x80\x02G?\xf8\x00\x00\x00\x00\x00\x00.', 1.5],
    ['a tuple of booleans', '\x80\x02\x88\x89\x86.', [true, false]],
    ['a list by marks', '\x80\x02](K\x01K\x02e.', [1, 2]],
    ['a text', '\x80\x04\x8c\x02\xc3\xa9.', 'é'],
    ['the same list twice', '\x80\x02]q\x00K\x01ah\x00\x86.', [[1], [1]]],
  ])('is read as data: %s', (_, bytes, value) => {
    expect(read(bytes)).toEqual(value)
  })

  it('keeps a key such as __proto__ an entry like any other', () => {
    const value = read('\x80\x02}X\x09\x00\x00\x00__proto__K\x01s.')
    expect(value).toEqual(new Map([['__proto__', 1]]))
    expect(({} as Record<string, unknown>)['1']).toBeUndefined()
  })

  it.each([
    ['os.system', '\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R.', /os\.system/],
    ['eval, by name on the stack', '\x80\x04\x8c\x08builtins\x8c\x04eval\x93.', /builtins\.eval/],
    ['an attribute of an allowed module', '\x80\x02cnumpy\nload\n.', /numpy\.load/],
    ['a method of an allowed class', '\x80\x04\x8c\x05numpy\x8c\x10ndarray.__init__\x93.', /ndarray\.__init__/],
    ['a codec that is no text', '\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00zip\x86R.', /encoded text/],
    ['an instance by its class (NEWOBJ)', '\x80\x02cnumpy\nndarray\n)\x81.', /instruction 0x81/],
    ['an object of a persistent id', '\x80\x02X\x01\x00\x00\x00aQ.', /instruction 0x51/],
    ['an extension registry entry', '\x80\x02\x82\x01.', /instruction 0x82/],
    ['the old text protocol', "(dp0\nS'data'\n.", /instruction 0x70/],
    ['a later protocol', '\x80\x06N.', /protocol 6/],
    ['a number of a gigabyte', '\x80\x02\x8b\x00\x00\x00\x40.', /more than 64 bits/],
    ['a text longer than the file', '\x80\x02X\xff\xff\xff\x0f.', /truncated/],
    ['bytes of negative length', '\x80\x02T\xff\xff\xff\xff.', /truncated/],
    ['a value that was never remembered', '\x80\x02h\x07.', /truncated/],
    ['a state for what has none', '\x80\x02]K\x01b.', /truncated/],
    ['a call of a number', '\x80\x02K\x01)R.', /truncated/],
    [
      'an array that does not fit its shape',
      '\x80\x05\x8c\x13numpy._core.numeric\x8c\x0b_frombuffer\x93(C\x01a\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02u1\x85RK\x02\x85\x8c\x01CtR.',
      /does not match its shape/,
    ],
    [
      'an array of objects',
      '\x80\x05\x8c\x13numpy._core.numeric\x8c\x0b_frombuffer\x93(C\x01a\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02O8\x85RK\x01\x85\x8c\x01CtR.',
      /type O8/,
    ],
  ])('is refused with %s', (_, bytes, message) => {
    const attempt = (): unknown => read(bytes)
    expect(attempt).toThrow(UserError)
    expect(attempt).toThrow(message)
  })

  it('is refused when it holds more values than any batch', () => {
    expect(() => parseNumpyPickle(Buffer.concat([Buffer.from('\x80\x02', 'latin1'), Buffer.alloc(2 ** 22 + 1, ']')]), 'batch')).toThrow(
      /more values/,
    )
  })

  it('is refused wherever it is cut off', async () => {
    for (const name of ['numpy1-protocol2', 'numpy2-protocol5']) {
      const bytes = await recorded(name)
      fc.assert(fc.property(fc.nat(bytes.length - 1), (length) => readOrRefuse(bytes.subarray(0, length)) === 'refused'))
    }
  })

  it('is read or refused with a clear error whatever is in it', async () => {
    const whole = await recorded('numpy2-protocol4')
    // The pixels may be any bytes; damage matters around them.
    const around = fc.oneof(fc.nat(250), fc.integer({ min: 6300, max: whole.length - 1 }))
    const changes = fc.array(fc.tuple(around, fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = Buffer.from(whole)
        for (const [at, value] of list) bytes[at] = value
        readOrRefuse(bytes)
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void readOrRefuse(Buffer.from(bytes))),
      { numRuns: 2000 },
    )
  })
})
