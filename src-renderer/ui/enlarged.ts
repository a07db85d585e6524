/**
 * Pixels of a picture for each pixel of the style sheet at this element: those of the screen, times what the page is enlarged by around it, so
 * that a picture in large type is as sharp as one in small.
 */
export const pixelRatioAt = (element: Element | null | undefined): number =>
  devicePixelRatio * ((element as { currentCSSZoom?: number } | null | undefined)?.currentCSSZoom ?? 1)
