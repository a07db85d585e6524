/** Something that cannot become part of a graph; the message names the operation. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError'
}
