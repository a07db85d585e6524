import { describe, expect, it } from 'vitest'
import { parseSeeds } from '../../src-main/contract/seeds.js'

describe('seeds', () => {
  it.each([
    ['1', [1]],
    ['1-3', [1, 2, 3]],
    ['7, 1-3,2', [7, 1, 2, 3]],
    ['4294967295', [4294967295]],
  ])('%j', (text, seeds) => expect(parseSeeds(text)).toEqual(seeds))

  it.each([
    ['', /numbers and ranges/],
    ['a', /numbers and ranges/],
    ['1,,2', /numbers and ranges/],
    ['3-1', /must be ascending/],
    ['4294967296', /at most/],
    ['1-100000', /At most 1000/],
    ['1-1000,5000-5999', /At most 1000/],
  ])('%j is refused', (text, message) => expect(() => parseSeeds(text)).toThrow(message))
})
