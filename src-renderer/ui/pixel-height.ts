/** The height of an image drawn `size` wide, in pixels; a single row of pixels is drawn higher, so that it is visible. */
export const pixelHeight = ({ width, height }: { width: number; height: number }, size: number): number =>
  height === 1 ? Math.min(24, size) : (size * height) / width
