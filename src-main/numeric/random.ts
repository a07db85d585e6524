import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'

/** An independent stream of random numbers. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number
  /** Uniform integer, both ends included. */
  integer(from: number, to: number): number
  /** Standard normal. */
  normal(): number
}

/**
 * The generator for one purpose: it depends only on its key, so that a resumed run, a recomputation or another thread draws the same
 * numbers without storing any generator state.
 * @param seed the run's seed
 * @param purpose what the numbers are for: 'weights/stage1/unit1/kernel1', 'order', 'augment', ...
 * @param index step or epoch
 */
export function randomFor(seed: number, purpose: string, index = 0): Random {
  const generator = xoroshiro128plusFromState(hash128(`${seed}|${purpose}|${index}`))
  let spare: number | null = null
  const uniform = (): number => uniformFloat64(generator)
  return {
    uniform,
    integer: (from, to) => uniformInt(generator, from, to),
    normal() {
      if (spare !== null) {
        const value = spare
        spare = null
        return value
      }
      // Box-Muller; 1 - u keeps the logarithm finite.
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
      const angle = 2 * Math.PI * uniform()
      spare = radius * Math.sin(angle)
      return radius * Math.cos(angle)
    },
  }
}

/**
 * Normally distributed numbers with the given standard deviation, redrawn beyond two deviations, without rescaling (like TensorFlow's
 * truncated_normal).
 */
export function truncatedNormal(random: Random, count: number, deviation: number): Float32Array {
  const out = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    let value = random.normal()
    while (Math.abs(value) > 2) value = random.normal()
    out[i] = value * deviation
  }
  return out
}

/** A uniformly random order of 0..count-1 (Fisher-Yates). */
export function permutation(random: Random, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(0, i)
    const held = order[i]!
    order[i] = order[j]!
    order[j] = held
  }
  return order
}

/** cyrb128 (bryc, public domain): 128 well-mixed bits of a short string, used as the state of a generator. */
function hash128(text: string): [number, number, number, number] {
  let [a, b, c, d] = [1779033703, 3144134277, 1013904242, 2773480762]
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i)
    a = b ^ Math.imul(a ^ k, 597399067)
    b = c ^ Math.imul(b ^ k, 2869860233)
    c = d ^ Math.imul(c ^ k, 951274213)
    d = a ^ Math.imul(d ^ k, 2716044179)
  }
  a = Math.imul(c ^ (a >>> 18), 597399067)
  b = Math.imul(d ^ (b >>> 22), 2869860233)
  c = Math.imul(a ^ (c >>> 17), 951274213)
  d = Math.imul(b ^ (d >>> 19), 2716044179)
  const all = a ^ b ^ c ^ d
  return [all | 0, (b ^ all) | 0, (c ^ all) | 0, (d ^ all) | 0]
}
