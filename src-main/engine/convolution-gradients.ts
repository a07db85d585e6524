import {
  backend_util,
  concat,
  conv2d,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  getKernel,
  pad,
  registerKernel,
  reshape,
  reverse,
  slice,
  tidy,
  transpose,
  unregisterKernel,
  zeros,
  type Conv2DBackpropFilterAttrs,
  type Conv2DBackpropInputAttrs,
  type Tensor4D,
} from '@tensorflow/tfjs-core'

type Pads = [before: number, after: number]

/** Pads an axis with zeros, or crops it if a pad is negative. */
function padRowsAndColumns(x: Tensor4D, rows: Pads, columns: Pads): Tensor4D {
  const [n, h, w, c] = x.shape
  const cut = ([before, after]: Pads): Pads => [Math.max(0, -before), Math.max(0, -after)]
  const grow = ([before, after]: Pads): Pads => [Math.max(0, before), Math.max(0, after)]
  const [top, bottom] = cut(rows)
  const [left, right] = cut(columns)
  const inner = top + bottom + left + right === 0 ? x : slice(x, [0, top, left, 0], [n, h - top - bottom, w - left - right, c])
  const pads: [Pads, Pads, Pads, Pads] = [[0, 0], grow(rows), grow(columns), [0, 0]]
  return pads.flat().every((p) => p === 0) ? inner : pad(inner, pads)
}

/** Inserts `strideHeight - 1` zero rows and `strideWidth - 1` zero columns after each: [N,H,W,C] becomes [N,H sh,W sw,C]. */
function dilate(x: Tensor4D, strideHeight: number, strideWidth: number): Tensor4D {
  const [n, h, w, c] = x.shape
  const wide = strideWidth === 1 ? x : concat([reshape(x, [n, h, w, c]), zeros([n, h, w, c * (strideWidth - 1)])], 3)
  const columns = w * strideWidth
  if (strideHeight === 1) return reshape(wide, [n, h, columns, c])
  const row = columns * c
  return reshape(concat([reshape(wide, [n, h, 1, row]), zeros([n, h, 1, row * (strideHeight - 1)])], 3), [n, h * strideHeight, columns, c])
}

/**
 * Gradient of a convolution with respect to its input, as a convolution of the dilated cotangent with the kernel rotated by 180 degrees and
 * its channels swapped.
 * @param dy [N,OH,OW,Co] @param filter [KH,KW,Ci,Co] @returns [N,H,W,Ci]
 */
function inputGradient(dy: Tensor4D, filter: Tensor4D, attrs: Conv2DBackpropInputAttrs): Tensor4D {
  const info = backend_util.computeConv2DInfo(attrs.inputShape, filter.shape, attrs.strides, 1, attrs.pad, attrs.dimRoundingMode)
  const { filterHeight: kh, filterWidth: kw, strideHeight: sh, strideWidth: sw, padInfo } = info
  const before = { rows: kh - 1 - padInfo.top, columns: kw - 1 - padInfo.left }
  const spread = dilate(dy, sh, sw)
  const [, rows, columns] = spread.shape
  const padded = padRowsAndColumns(
    spread,
    [before.rows, info.inHeight + kh - 1 - rows - before.rows],
    [before.columns, info.inWidth + kw - 1 - columns - before.columns],
  )
  return conv2d(padded, transpose(reverse(filter, [0, 1]), [0, 1, 3, 2]), 1, 'valid')
}

/**
 * Gradient of a convolution with respect to its kernel, as a convolution of the images in the layout [Ci,H,W,N] with the cotangent in the
 * layout [OH,OW,N,Co]; a stride becomes the dilation of that kernel.
 * @param x [N,H,W,Ci] @param dy [N,OH,OW,Co] @returns [KH,KW,Ci,Co]
 */
function filterGradient(x: Tensor4D, dy: Tensor4D, attrs: Conv2DBackpropFilterAttrs): Tensor4D {
  const info = backend_util.computeConv2DInfo(x.shape, attrs.filterShape, attrs.strides, 1, attrs.pad, attrs.dimRoundingMode)
  const { filterHeight: kh, filterWidth: kw, strideHeight: sh, strideWidth: sw, padInfo } = info
  const after = (kernel: number, size: number, outputs: number, stride: number, before: number): number =>
    kernel - 1 + (outputs - 1) * stride + 1 - size - before
  const images = padRowsAndColumns(
    transpose(x, [3, 1, 2, 0]),
    [padInfo.top, after(kh, info.inHeight, info.outHeight, sh, padInfo.top)],
    [padInfo.left, after(kw, info.inWidth, info.outWidth, sw, padInfo.left)],
  )
  const gradient = conv2d(images, transpose(dy, [1, 2, 0, 3]), 1, 'valid', 'NHWC', [sh, sw])
  return transpose(gradient, [1, 2, 0, 3])
}

const channelsLast = (dataFormat: string): void => {
  if (dataFormat !== 'NHWC') throw new Error(`gradients of convolutions require NHWC, not ${dataFormat}`)
}

/**
 * Registers the gradients of convolutions, for any stride and padding, for a back end with a fast convolution: the WebAssembly back end has
 * no filter gradient, and its transposed convolution is a naive loop (a tenth of its convolution's speed). Repeated calls have no effect.
 */
export function registerConvolutionGradients(backendName: string): void {
  if (getKernel(Conv2DBackpropFilter, backendName) !== undefined) return
  registerKernel({
    kernelName: Conv2DBackpropFilter,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const own = attrs as unknown as Conv2DBackpropFilterAttrs
      channelsLast(own.dataFormat)
      return tidy(() => filterGradient(inputs.x as Tensor4D, inputs.dy as Tensor4D, own))
    },
  })
  if (getKernel(Conv2DBackpropInput, backendName) !== undefined) unregisterKernel(Conv2DBackpropInput, backendName)
  registerKernel({
    kernelName: Conv2DBackpropInput,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const own = attrs as unknown as Conv2DBackpropInputAttrs
      channelsLast(own.dataFormat)
      return tidy(() => inputGradient(inputs.dy as Tensor4D, inputs.filter as Tensor4D, own))
    },
  })
}
