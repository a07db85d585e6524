/**
 * The modules that the user's dynamics files may import: `import { field, layerParameters, tf, z } from 'retrace'`. They must be exactly
 * these modules and not copies, because kernels, gradients and descriptions of options are registered in them.
 */
export * as tf from '@tensorflow/tfjs-core'
export { z } from 'zod'
export { field } from '../contract/config.js'
export { DROPOUT } from './dropout.js'
export { activatedLayer, layerParameters, layerRoles, symmetricLayer } from './layer.js'
export { ONE_STATE } from './one-state.js'
