import { z } from 'zod'

export const Base64Schema = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/)

/** The bytes of an array in base64, in memory order: little-endian on every platform of Electron. */
export function toBase64({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength)
  let binary = ''
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(binary)
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  // Several times faster; available in all browsers since 2025 and in Node 25.
  const native = (Uint8Array as unknown as { fromBase64?(text: string): Uint8Array<ArrayBuffer> }).fromBase64?.(text)
  if (native) return native
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

/** Float32 values from base64. */
export const floatsFromBase64 = (text: string): Float32Array<ArrayBuffer> => {
  const { buffer, byteLength } = fromBase64(text)
  return new Float32Array(buffer, 0, byteLength / 4)
}
