// What the charts share: nice axes, and files made from what they show.

/** A round number at or above the greatest value, and the steps to it. */
export function scale(most: number): { top: number; ticks: number[] } {
  if (most <= 0) return { top: 1, ticks: [0, 1] }
  const rough = most / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = Math.max([1, 2, 2.5, 5, 10].map(n => n * power).find(n => n >= rough) ?? rough, Number.isInteger(most) ? 1 : 0)
  const top = Math.ceil(most / step) * step
  return { top, ticks: Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step) }
}

export interface Row { label: string; values: readonly (number | string)[] }
export interface Sheet { head: readonly string[]; rows: readonly Row[] }

/** As spreadsheets read it. What begins like a formula is no formula. */
export function toCsv({ head, rows }: Sheet): string {
  const cell = (value: string | number): string => {
    const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value)
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [head, ...rows.map(row => [row.label, ...row.values])].map(line => line.map(cell).join(',')).join('\r\n') + '\r\n'
}

/** A chart as a picture of its own: the colours that it has now are written into it. */
export function toSvg(svg: SVGSVGElement, title: string): string {
  const copy = svg.cloneNode(true) as SVGSVGElement
  const drawn = svg.querySelectorAll<SVGElement>('*')
  const { width, height } = svg.viewBox.baseVal
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  copy.setAttribute('width', String(width))
  copy.setAttribute('height', String(height))
  copy.querySelectorAll<SVGElement>('*').forEach((el, i) => {
    const style = getComputedStyle(drawn[i]!)
    for (const name of ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'font-size', 'font-family', 'text-anchor']) el.setAttribute(name, style.getPropertyValue(name))
    el.removeAttribute('class')
  })
  const name = document.createElementNS('http://www.w3.org/2000/svg', 'title')
  name.textContent = title
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
  ground.setAttribute('width', '100%')
  ground.setAttribute('height', '100%')
  ground.setAttribute('fill', getComputedStyle(svg.parentElement!).getPropertyValue('--raised') || getComputedStyle(document.body).backgroundColor)
  copy.prepend(name, ground)
  copy.removeAttribute('class')
  return new XMLSerializer().serializeToString(copy)
}

/** Bars of a sheet's first column, as a picture. */
export function barsToSvg(title: string, { rows }: Sheet): string {
  const style = getComputedStyle(document.documentElement)
  const token = (name: string): string => style.getPropertyValue(name).trim()
  const probe = document.body.appendChild(document.createElement('i'))
  const color = (name: string): string => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color }
  const [ground, ink, bar] = [color('--raised'), color('--ink'), color('--solid')]
  probe.remove()
  const most = Math.max(1, ...rows.map(row => Number(row.values[0]) || 0))
  const text = (value: string): string => value.replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`)
  const lines = rows.map((row, i) => `<text x="8" y="${52 + i * 26}" fill="${ink}">${text(row.label)}</text><rect x="180" y="${40 + i * 26}" width="${Math.round((Number(row.values[0]) || 0) / most * 380)}" height="14" rx="3" fill="${bar}"/><text x="632" y="${52 + i * 26}" text-anchor="end" fill="${ink}">${text(String(row.values[0]))}</text>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="${48 + rows.length * 26}" font-family="${text(token('--font-sans') || 'sans-serif')}" font-size="13"><rect width="100%" height="100%" fill="${ground}"/><text x="8" y="22" font-size="15" font-weight="600" fill="${ink}">${text(title)}</text>${lines.join('')}</svg>`
}
