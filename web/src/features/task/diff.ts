// What changed between texts, word by word, and how two changes of one text go together. Pure; loaded with the dialogs.

export interface Part { kind: 'same' | 'ins' | 'del'; text: string }
export interface Merged { text: string; /** False: both changed the same words, and both stand there. */ clean: boolean }

/** Bounds the work: texts that differ in more are compared by larger pieces. */
const MOST_CELLS = 1_000_000

let segmenter: Intl.Segmenter | undefined
/** Words, blanks and signs, also of languages that write without blanks. */
export function words(text: string): string[] {
  if (text.length > 10_000) return text.match(/\s+|\S+/g) ?? [] // the segmenter takes 7 ms for this much
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'word' })
  return Array.from(segmenter.segment(text), it => it.segment)
}
/** Lines with their ends. */
export const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+/g) ?? []

/** For each piece of `a` the index of the same piece in `b` in a longest common subsequence, or -1; null: too much work. */
function match(a: readonly string[], b: readonly string[]): number[] | null {
  const to = new Array<number>(a.length).fill(-1)
  let lo = 0
  for (; lo < a.length && lo < b.length && a[lo] === b[lo]; lo++) to[lo] = lo
  let [aEnd, bEnd] = [a.length, b.length]
  while (aEnd > lo && bEnd > lo && a[aEnd - 1] === b[bEnd - 1]) to[--aEnd] = --bEnd
  const [n, m] = [aEnd - lo, bEnd - lo]
  if (!n || !m) return to
  if (n * m > MOST_CELLS) return null
  const width = m + 1
  const length = new Uint32Array((n + 1) * width) // [i, j]: of the longest common subsequence of a[lo + i…] and b[lo + j…]
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      length[i * width + j] = a[lo + i] === b[lo + j] ? length[(i + 1) * width + j + 1]! + 1 : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!)
    }
  }
  for (let i = 0, j = 0; i < n && j < m;) {
    if (a[lo + i] === b[lo + j]) to[lo + i++] = lo + j++
    else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) i++
    else j++
  }
  return to
}

/** The way from one text to another: lines first, and the words of lines that changed. */
export function diff(from: string, to: string): Part[] {
  const out: Part[] = []
  for (const [a, b] of regions(lines(from), lines(to))) {
    const [was, is] = [a.join(''), b.join('')]
    if (was === is) add(out, 'same', was)
    else {
      for (const [c, d] of regions(words(was), words(is))) {
        const [before, after] = [c.join(''), d.join('')]
        if (before === after) add(out, 'same', before)
        else {
          add(out, 'del', before)
          add(out, 'ins', after)
        }
      }
    }
  }
  return join(out)
}
/** Alternately what is alike and what is not. */
function regions(a: string[], b: string[]): [string[], string[]][] {
  const to = match(a, b)
  if (!to) return [[a, b]]
  const out: [string[], string[]][] = []
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    let end = i
    while (end < a.length && to[end] === j + end - i) end++
    if (end > i) out.push([a.slice(i, end), b.slice(j, j + end - i)])
    ;[j, i] = [j + end - i, end]
    while (end < a.length && to[end]! < 0) end++
    const next = end < a.length ? to[end]! : b.length
    if (end > i || next > j) out.push([a.slice(i, end), b.slice(j, next)])
    ;[i, j] = [end, next]
  }
  return out
}
function add(out: Part[], kind: Part['kind'], text: string): void {
  if (!text) return
  const last = out.at(-1)
  if (last?.kind === kind) last.text += text
  else out.push({ kind, text })
}
/** A blank between two changes is no island: "red car" to "blue bus" is one change, not two. */
function join(parts: readonly Part[]): Part[] {
  const out: Part[] = []
  let run: { del: string; ins: string } | null = null
  const end = (): void => {
    if (!run) return
    add(out, 'del', run.del)
    add(out, 'ins', run.ins)
    run = null
  }
  parts.forEach((part, i) => {
    if (part.kind !== 'same') (run ??= { del: '', ins: '' })[part.kind] += part.text
    else if (run && i < parts.length - 1 && /^[^\S\n]+$/.test(part.text)) {
      run.del += part.text
      run.ins += part.text
    } else {
      end()
      add(out, 'same', part.text)
    }
  })
  end()
  return out
}

/**
 * Both changes in one text (diff3): by lines, and by words where both changed the same lines. Where they changed the same
 * words, whole lines stand one after the other with `apart` between them: words thrown together make no sense.
 */
export function merge(base: string, mine: string, theirs: string, apart = '\n'): Merged {
  return merged(base, mine, theirs, lines, (b, m, t) => {
    const fine = merged(b, m, t, words, () => ({ text: '', clean: false }))
    if (fine.clean) return fine
    if (!m || !t) return { text: m + t, clean: false } // one deleted what the other changed: the change stays
    return { text: m.endsWith('\n') ? m + t : m + apart + t, clean: false }
  })
}
function merged(base: string, mine: string, theirs: string, split: (text: string) => string[], clash: (base: string, mine: string, theirs: string) => Merged): Merged {
  const [b, m, t] = [split(base), split(mine), split(theirs)]
  const [toMine, toTheirs] = [match(b, m), match(b, t)]
  if (!toMine || !toTheirs) return clash(base, mine, theirs)
  const out: Merged = { text: '', clean: true }
  for (let bi = 0, mi = 0, ti = 0; ;) {
    // The next piece of the base that both kept ends the region in between.
    let next = bi
    while (next < b.length && (toMine[next]! < 0 || toTheirs[next]! < 0)) next++
    const [mEnd, tEnd] = next < b.length ? [toMine[next]!, toTheirs[next]!] : [m.length, t.length]
    const [was, my, their] = [b.slice(bi, next).join(''), m.slice(mi, mEnd).join(''), t.slice(ti, tEnd).join('')]
    const part = my === their || was === their ? { text: my, clean: true } : was === my ? { text: their, clean: true } : clash(was, my, their)
    out.text += part.text
    out.clean &&= part.clean
    if (next === b.length) return out
    out.text += b[next]!
    ;[bi, mi, ti] = [next + 1, mEnd + 1, tEnd + 1]
  }
}

/** What both did to a set, such as labels: theirs, with one's own additions and removals. */
export function mergeSets(base: readonly string[], mine: readonly string[], theirs: readonly string[]): string[] {
  return [...theirs.filter(id => mine.includes(id) || !base.includes(id)), ...mine.filter(id => !base.includes(id) && !theirs.includes(id))]
}
