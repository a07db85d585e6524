/** Device pixels per CSS pixel at this element, including the zoom of the elements around it, so that pictures stay sharp when enlarged. */
export const pixelRatioAt = (element: Element | null | undefined): number =>
  devicePixelRatio * ((element as { currentCSSZoom?: number } | null | undefined)?.currentCSSZoom ?? 1)
