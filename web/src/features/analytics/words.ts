const number = new Intl.NumberFormat()
export const count = (n: number): string => number.format(n)
const one = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })

/** "3.5 days": how long something took. */
export function duration(seconds: number): string {
  if (seconds <= 0) return '–'
  const [size, unit] = seconds < 5400 ? [seconds / 60, 'min'] : seconds < 172_800 ? [seconds / 3600, 'h'] : [seconds / 86_400, 'days']
  return `${one.format(size)} ${unit}`
}
/** How much more or less than before; empty without anything to compare with. */
export function change(now: number, before: number): string {
  if (!before) return ''
  const percent = Math.round(((now - before) / before) * 100)
  return `${percent > 0 ? '+' : percent < 0 ? '−' : '±'}${Math.abs(percent)} %`
}
const short = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' })
const month = new Intl.DateTimeFormat(undefined, { month: 'short', year: 'numeric' })
export const dayName = (iso: string, bucket: string): string => (bucket === 'month' ? month : short).format(new Date(`${iso}T12:00:00`))
