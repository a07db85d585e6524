import type { Random } from '../../src-main/numeric/random.js'

/** Texts that replace numbers in files, and can be parsed as numbers nevertheless. */
const NUMBERS = ['-1', '0', '999999999999', '18446744073709551615', '1e308', 'NaN', '']

type Mutation = (bytes: Buffer, random: Random) => Buffer

const position = (bytes: Buffer, random: Random): number => random.integer(0, Math.max(0, bytes.length - 1))
const stretch = (bytes: Buffer, random: Random): [from: number, to: number] => {
  const from = position(bytes, random)
  return [from, Math.min(bytes.length, from + random.integer(1, 2 ** random.integer(0, 12)))]
}

const MUTATIONS: Mutation[] = [
  function flipBits(bytes, random) {
    const changed = Buffer.from(bytes)
    for (let left = random.integer(1, 8); left > 0; left--) changed[position(bytes, random)]! ^= 1 << random.integer(0, 7)
    return changed
  },
  function extremeBytes(bytes, random) {
    const changed = Buffer.from(bytes)
    for (let left = random.integer(1, 8); left > 0; left--) changed[position(bytes, random)] = [0, 1, 127, 128, 255][random.integer(0, 4)]!
    return changed
  },
  function inTheHead(bytes, random) {
    const changed = Buffer.from(bytes)
    for (let left = random.integer(1, 4); left > 0; left--)
      changed[random.integer(0, Math.min(255, bytes.length - 1))] = random.integer(0, 255)
    return changed
  },
  (bytes, random) => bytes.subarray(0, position(bytes, random)),
  (bytes, random) => bytes.subarray(position(bytes, random)),
  function without(bytes, random) {
    const [from, to] = stretch(bytes, random)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  function twice(bytes, random) {
    const [from, to] = stretch(bytes, random)
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])
  },
  function zeroed(bytes, random) {
    const [from, to] = stretch(bytes, random)
    return Buffer.from(bytes).fill(0, from, to)
  },
  function foreign(bytes, random) {
    const [from, to] = stretch(bytes, random)
    const strange = Buffer.from(Array.from({ length: to - from }, () => random.integer(0, 255)))
    return Buffer.concat([bytes.subarray(0, from), strange, bytes.subarray(from)])
  },
  function otherNumber(bytes, random) {
    const text = bytes.toString('latin1')
    const numbers = [...text.matchAll(/\d+/g)]
    const chosen = numbers[random.integer(0, Math.max(0, numbers.length - 1))]
    if (!chosen) return Buffer.alloc(0)
    const other = NUMBERS[random.integer(0, NUMBERS.length - 1)]!
    return Buffer.from(text.slice(0, chosen.index) + other + text.slice(chosen.index + chosen[0].length), 'latin1')
  },
  (bytes) => Buffer.concat([bytes, bytes]),
]

/** A damaged or hostile variant of a file's content, determined by a seed. */
export const mutate = (bytes: Buffer, random: Random): Buffer => MUTATIONS[random.integer(0, MUTATIONS.length - 1)]!(bytes, random)
