/** Puts text into the clipboard. False: the browser did not allow it. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Plain http, which servers at home often have, has no clipboard API.
    const before = document.activeElement
    const area = Object.assign(document.createElement('textarea'), { value: text, readOnly: true })
    area.style.cssText = 'position:fixed;opacity:0'
    ;(before?.closest('dialog') ?? document.body).append(area) // outside of an open dialog nothing can be selected
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    if (before instanceof HTMLElement) before.focus({ preventScroll: true })
    return done
  }
}
