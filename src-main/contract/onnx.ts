/** Whether a file of weights is an ONNX model, according to its extension. */
export const isOnnx = (path: string): boolean => /\.onnx$/i.test(path)
