import { describe, expect, test } from 'vitest'
import { diff, lines, merge, mergeSets, words, type Part } from './diff'

/** "a [-b-]{+c+}" */
const shown = (parts: readonly Part[]): string => parts.map(({ kind, text }) => (kind === 'same' ? text : kind === 'ins' ? `{+${text}+}` : `[-${text}-]`)).join('')
const side = (parts: readonly Part[], not: Part['kind']): string => parts.filter(p => p.kind !== not).map(p => p.text).join('')

describe('diff', () => {
  test.each([
    ['Plan', 'Plan of Ann', 'Plan{+ of Ann+}'],
    ['Write the invitation', 'Write the letter', 'Write the [-invitation-]{+letter+}'],
    ['the red car stops', 'the blue bus stops', 'the [-red car-]{+blue bus+} stops'],
    ['a b c', 'a c', 'a [-b -]c'],
    ['same', 'same', 'same'],
    ['', 'new', '{+new+}'],
    ['gone', '', '[-gone-]'],
    ['one\ntwo\nthree\n', 'one\n2\nthree\n', 'one\n[-two-]{+2+}\nthree\n'],
    ['one\n', 'one\ntwo\n', 'one\n{+two\n+}'],
    ['今日は天気がいい', '今日は気分がいい', '今日は[-天気-]{+気分+}がいい'],
  ])('%j to %j', (from, to, want) => expect(shown(diff(from, to))).toBe(want))

  test('both texts can be read out of it, whatever they are', () => {
    const pieces = ['a', 'b', 'cc', ' ', '\n', '  ', 'é', '🙂', '.']
    let seed = 7
    const random = (n: number): number => (seed = (seed * 48271) % 2147483647) % n
    const text = (): string => Array.from({ length: random(14) }, () => pieces[random(pieces.length)]).join('')
    for (let i = 0; i < 500; i++) {
      const [from, to] = [text(), text()]
      const parts = diff(from, to)
      expect(side(parts, 'ins')).toBe(from)
      expect(side(parts, 'del')).toBe(to)
      expect(words(from).join('')).toBe(from)
      expect(lines(from).join('')).toBe(from)
      const { text: whole, clean } = merge(from, to, from)
      expect([whole, clean]).toEqual([to, true])
    }
  })
  test('texts that have too little in common are shown whole instead of compared for ever', () => {
    const long = (word: string): string => Array.from({ length: 20_000 }, (_, i) => `${word}${i}`).join(' ')
    const began = performance.now()
    expect(diff(long('a'), long('b')).map(p => p.kind)).toEqual(['del', 'ins'])
    expect(merge(long('c'), long('a'), long('b')).clean).toBe(false)
    expect(performance.now() - began).toBeLessThan(3000)
  })
})

describe('merge', () => {
  test.each([
    ['different lines', 'a\nb\nc', 'A\nb\nc', 'a\nb\nC', 'A\nb\nC', true],
    ['different words of one line', 'the red car', 'the blue car', 'the red bus', 'the blue bus', true],
    ['words at both ends', 'plan', 'our plan', 'plan B', 'our plan B', true],
    ['the same change', 'a', 'b', 'b', 'b', true],
    ['the same word', 'Plan of us', 'Plan of Ann', 'Plan of Bob', 'Plan of Ann\nPlan of Bob', false],
    ['both add at the end', 'Plan', 'Plan of Ann', 'Plan of Bob', 'Plan of Ann\nPlan of Bob', false],
    ['one deletes what the other changes', 'a b c', 'a c', 'a bb c', 'a c\na bb c', false],
    ['nothing in common', '', 'mine', 'theirs', 'mine\ntheirs', false],
  ])('%s', (_, base, mine, theirs, text, clean) => expect(merge(base, mine, theirs)).toEqual({ text, clean }))

  test('no word that either of them added is missing', () => {
    const pieces = ['one', 'two', 'three', ' ', ' ', '\n', 'x', 'y']
    let seed = 11
    const random = (n: number): number => (seed = (seed * 48271) % 2147483647) % n
    const text = (): string => Array.from({ length: random(12) }, () => pieces[random(pieces.length)]).join('')
    for (let i = 0; i < 500; i++) {
      const [base, mine, theirs] = [text(), text(), text()]
      const out = words(merge(base, mine, theirs).text).join('|')
      for (const word of [...words(mine), ...words(theirs)]) if (word.trim() && !base.includes(word)) expect(out).toContain(word)
    }
  })
})

test('sets: what both added and took away', () => {
  expect(mergeSets(['a', 'b'], ['a', 'c'], ['a', 'b', 'd'])).toEqual(['a', 'd', 'c'])
  expect(mergeSets([], ['x'], ['x'])).toEqual(['x'])
})
