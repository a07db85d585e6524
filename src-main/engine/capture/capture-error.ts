/** An operation that cannot be captured in a graph; the message names it. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError'
}
