/** JSON that preserves NaN and infinities as strings, which would otherwise become null. */
export function encodeNumbers(numbers: Record<string, number>): string {
  return JSON.stringify(numbers, (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value))
}

export function decodeNumbers(text: string): Record<string, number> {
  const numbers = JSON.parse(text) as Record<string, number | string>
  for (const key in numbers) {
    const value = numbers[key]
    if (typeof value === 'string') numbers[key] = Number(value)
  }
  return numbers as Record<string, number>
}
