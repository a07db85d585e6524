/**
 * The number that a person typed: 0.1, 1e-4, and also 2,000 and 0,1. One comma before groups of three digits separates thousands, any other
 * comma is a decimal one; where a point and commas stand together, the last of them is decimal.
 * @returns NaN for an empty text and for what is no number
 */
export function readNumber(text: string): number {
  const trimmed = text.trim()
  if (trimmed === '') return NaN
  return Number(withPoint(trimmed))
}

function withPoint(text: string): string {
  if (!text.includes(',')) return text
  const grouped = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/.test(text)
  if (grouped) return text.replaceAll(',', '')
  // 1.234,5 as much of Europe writes it.
  if (/^[+-]?\d{1,3}(\.\d{3})+,\d+$/.test(text)) return text.replaceAll('.', '').replace(',', '.')
  return text.replace(',', '.')
}
