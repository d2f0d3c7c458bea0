export interface Agent { /** "Firefox on Windows", "curl" */ text: string; kind: 'browser' | 'program' | 'unknown' }

// The first that fits counts: many browsers name those they descend from as well.
const BROWSERS: readonly [string, RegExp][] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//], ['Opera', /\b(?:OPR|Opera)\//], ['Vivaldi', /\bVivaldi\//], ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//], ['Chrome', /\b(?:Chrome|CriOS|HeadlessChrome)\//], ['Safari', /\bVersion\/\S+.*\bSafari\//],
]
const SYSTEMS: readonly [string, RegExp][] = [
  ['iPhone', /\biPhone\b/], ['iPad', /\biPad\b/], ['Android', /\bAndroid\b/], ['Windows', /\bWindows\b/], ['ChromeOS', /\bCrOS\b/], ['macOS', /\bMac OS X\b|\bMacintosh\b/], ['Linux', /\bLinux\b|\bX11\b/],
]
const first = (list: readonly [string, RegExp][], ua: string): string | undefined => list.find(([, test]) => test.test(ua))?.[0]

/** What a session was opened with, for people. */
export function describeAgent(ua: string): Agent {
  const browser = first(BROWSERS, ua)
  const system = first(SYSTEMS, ua)
  if (browser || (system && ua.startsWith('Mozilla/'))) return { text: system ? `${browser ?? 'A browser'} on ${system}` : browser!, kind: 'browser' }
  // "curl/8.5.0", "Go-http-client/1.1", "python-requests/2.32"
  const program = /^([\w.-]+)(?:\/|$)/.exec(ua.trim())?.[1]
  return program && program !== 'Mozilla' ? { text: program, kind: 'program' } : { text: 'Unknown program', kind: 'unknown' }
}
