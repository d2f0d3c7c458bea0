/** The zone of this device. */
export const deviceZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

/** "+02:00" at this moment. */
function offset(zone: string, now: Date): string {
  const name = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(now).find(p => p.type === 'timeZoneName')?.value ?? ''
  return name.replace('GMT', '') || '+00:00'
}
/** For a select: all zones this browser knows, and the one that is set in any case. */
export function zoneOptions(current: string, now = new Date()): { value: string; label: string }[] {
  const zones = new Set(['UTC', ...Intl.supportedValuesOf('timeZone'), current].filter(Boolean))
  return [...zones].map(value => {
    const name = value.replaceAll('_', ' ')
    try {
      return { value, label: `${name} (${offset(value, now)})` }
    } catch {
      return { value, label: name } // the server knows a zone that this browser does not
    }
  })
}
