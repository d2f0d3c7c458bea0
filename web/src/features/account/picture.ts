/** What the server takes as an avatar. */
export const PICTURES: readonly string[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']
const MOST = 5 * 2 ** 20

/** What is wrong with a file that somebody chose, before it is sent; the server looks into it. */
export function pictureFault(file: Pick<File, 'type' | 'size'>): string | undefined {
  if (!PICTURES.includes(file.type)) return 'must be a PNG, JPEG, GIF or WebP file'
  if (file.size > MOST) return `must have at most 5 MB: this one has ${(file.size / 2 ** 20).toFixed(1)} MB`
  return undefined
}
