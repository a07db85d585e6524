import { conv2d, conv2dTranspose, matMul, reverse, sub, transpose, type Tensor, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core'

/** A linear map of states and its adjoint with respect to the Euclidean inner product. */
export interface LinearMap {
  apply(x: Tensor): Tensor
  adjoint(y: Tensor): Tensor
}

/** How a kernel acts on a state: as a convolution on images, or as a matrix on vectors. Dynamics are written in terms of this. */
export interface LinearKind {
  id: 'convolution' | 'dense'
  kernelShape(inChannels: number, outChannels: number): number[]
  /** Shape of a kernel that maps every pixel by itself, like a shortcut between widths: 1x1, or a matrix. */
  pointwiseShape(inChannels: number, outChannels: number): number[]
  map(kernel: Tensor, stride?: 1 | 2): LinearMap
  /** K - K' as a single map, which costs as many operations as K alone. Its adjoint is its negative. */
  antisymmetric(kernel: Tensor): LinearMap
}

const convolutionMap = (kernel: Tensor, stride: 1 | 2 = 1): LinearMap => ({
  apply: (x) => conv2d(x as Tensor4D, kernel as Tensor4D, stride, 'same'),
  adjoint: (y) => {
    const [batch, height, width] = y.shape as [number, number, number, number]
    return conv2dTranspose(y as Tensor4D, kernel as Tensor4D, [batch, height * stride, width * stride, kernel.shape[2]!], stride, 'same')
  },
})

/** 3x3 convolutions (1x1 in shortcuts), NHWC states, HWIO kernels, TensorFlow's 'same' padding. */
export const convolution: LinearKind = {
  id: 'convolution',
  kernelShape: (inChannels, outChannels) => [3, 3, inChannels, outChannels],
  pointwiseShape: (inChannels, outChannels) => [1, 1, inChannels, outChannels],
  map: convolutionMap,
  // The adjoint of a stride-1 convolution is the convolution with the kernel rotated by 180 degrees and its channels swapped.
  antisymmetric: (kernel) => convolutionMap(sub(kernel, transpose(reverse(kernel, [0, 1]), [0, 1, 3, 2]))),
}

const denseMap = (kernel: Tensor): LinearMap => ({
  apply: (x) => matMul(x as Tensor2D, kernel as Tensor2D),
  adjoint: (y) => matMul(y as Tensor2D, kernel as Tensor2D, false, true),
})

/** Matrices [in, out] on row vectors [batch, in]. */
export const dense: LinearKind = {
  id: 'dense',
  kernelShape: (inChannels, outChannels) => [inChannels, outChannels],
  pointwiseShape: (inChannels, outChannels) => [inChannels, outChannels],
  map: denseMap,
  antisymmetric: (kernel) => denseMap(sub(kernel, transpose(kernel))),
}
