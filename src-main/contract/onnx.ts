/** Whether a file of weights is to be an ONNX model, which the end of its name says. */
export const isOnnx = (path: string): boolean => /\.onnx$/i.test(path)
