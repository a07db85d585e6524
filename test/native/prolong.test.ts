import { linkSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildNetwork } from '../../src-main/numeric/network.js'
import { infer } from '../../src-main/numeric/pass.js'
import { twiceAsDeep } from '../../src-main/numeric/prolong.js'
import { initialState } from '../../src-main/numeric/state.js'
import { loadInto, storedWeights } from '../../src-main/training/checkpoint.js'
import { writeSafetensors } from '../../src-main/training/safetensors.js'
import { checkWeights, doubleWeights, readWeights } from '../../src-main/training/weights.js'
import { disposeState, normalTensor, tf } from './support.js'
import { smallConfig, trainHere, place } from './training.js'

const temporary = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'retrace-prolong-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('weights of twice the depth fit that network, which computes the closer to the last the deeper both are; the file under its other name stays', async () => {
  const folder = await temporary()
  const [first, file] = [join(folder, 'checkpoint.safetensors'), join(folder, 'weights.safetensors')]
  let config = smallConfig({ arch: 'verlet', activation: 'tanh', h: 0.4, stages: [{ channels: 4, units: 3 }, { channels: 8, units: 2 }] }) // prettier-ignore
  const images = normalTensor([4, 8, 8, 3], 'images')
  const logits = async (): Promise<tf.Tensor> => {
    const network = buildNetwork(config)
    const state = initialState(network, { seed: 2, optimizer: 'sgd' })
    loadInto(network, state, await readWeights(file), 'weights')
    const found = tf.tidy(() => infer(network, state.params, state.statistics, images))
    disposeState(state)
    return found
  }
  const start = initialState(buildNetwork(config), { seed: 1, optimizer: 'sgd' })
  await writeSafetensors(first, { metadata: {}, tensors: storedWeights(buildNetwork(config), start) })
  disposeState(start)
  const bytes = await readFile(first)
  linkSync(first, file)

  const changes: number[] = []
  let last = await logits()
  for (let doubling = 0; doubling < 4; doubling++) {
    await doubleWeights(file)
    await expect(checkWeights(file, config)).rejects.toThrow(/parameters that this network does not have/)
    config = { ...config, ...twiceAsDeep(config) }
    await checkWeights(file, config)
    const next = await logits()
    changes.push(tf.tidy(() => tf.norm(tf.sub(next, last)).dataSync()[0]! / tf.norm(last).dataSync()[0]!))
    last.dispose()
    last = next
  }
  tf.dispose([last, images])
  // Both integrate one differential equation to first order in h: each doubling changes the result about half as much as the previous one.
  expect(changes[0]).toBeLessThan(0.5)
  for (const [at, change] of changes.slice(1).entries()) expect(change / changes[at]!).toBeLessThan(0.75)
  expect(await readFile(first)).toEqual(bytes)
})

test('a run begins with them', async () => {
  const where = await place('noise')
  const config = smallConfig({ arch: 'verlet', activation: 'tanh', steps: 2, stages: [{ channels: 4, units: 2 }] })
  const coarse = await trainHere(where, config)
  const file = join(await temporary(), 'weights.safetensors')
  linkSync(join(coarse.folder, coarse.checkpoints.at(-1)!.file), file)
  await doubleWeights(file)
  const fine = await trainHere(await place('noise'), { ...config, ...twiceAsDeep(config) }, { weightsFrom: file })
  expect(fine.ended).toMatchObject({ outcome: 'finished', reason: null })
})
