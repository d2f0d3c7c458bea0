const COPIED = [
  'boxSizing', 'width', 'borderTopWidth', 'borderRightWidth', 'borderBottomWidth', 'borderLeftWidth', 'paddingTop', 'paddingRight', 'paddingBottom', 'paddingLeft', 'fontFamily', 'fontSize', 'fontStyle',
  'fontWeight', 'fontVariant', 'fontStretch', 'lineHeight', 'letterSpacing', 'wordSpacing', 'textIndent', 'textTransform', 'textAlign', 'tabSize', 'direction', 'overflowWrap', 'wordBreak',
] as const

/** Where a character of a textarea stands on the screen: browsers do not tell, but a copy of the text does. */
export function caretRect(area: HTMLTextAreaElement, at: number): DOMRect {
  const copy = document.createElement('div')
  const style = getComputedStyle(area)
  for (const name of COPIED) copy.style[name] = style[name]
  Object.assign(copy.style, { position: 'fixed', top: '0', left: '0', visibility: 'hidden', whiteSpace: 'pre-wrap', borderStyle: 'solid' })
  copy.textContent = area.value.slice(0, at)
  const mark = document.createElement('span')
  mark.textContent = area.value.slice(at) || '.'
  copy.append(mark)
  area.parentElement!.append(copy)
  const [from, box, here] = [copy.getBoundingClientRect(), area.getBoundingClientRect(), mark.getClientRects()[0]!]
  const height = Number.parseFloat(style.lineHeight) || here.height
  copy.remove()
  return new DOMRect(box.left + here.left - from.left - area.scrollLeft, box.top + here.top - from.top - area.scrollTop, 0, height)
}
