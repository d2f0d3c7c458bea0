import { expect, test } from 'vitest'
import { candidates, mentionAt } from './match'

const at = (text: string): string | null => mentionAt(text, text.length)?.query ?? null

test('an @ at the start of a word begins a mention', () => {
  expect(at('@')).toBe('')
  expect(at('Ask @an')).toBe('an')
  expect(at('(@ann')).toBe('ann')
  expect(at('one\n@bob_2.x-y')).toBe('bob_2.x-y')
  expect(at('**@Émi')).toBe('Émi')
})
test('an address, a path, code and a finished word are none', () => {
  for (const text of ['ann@example', 'x/@types', '@@ann', '@ann ', '`@ann', '```\n@ann', 'a ~ b', '@ann, ']) expect(at(text)).toBeNull()
})
test('behind closed code it goes on', () => {
  expect(at('`x` @a')).toBe('a')
  expect(at('```\ncode\n```\n@a')).toBe('a')
})
test('the caret counts, not the end of the text', () => {
  expect(mentionAt('Hi @an and more', 6)).toEqual({ start: 3, query: 'an' })
  expect(mentionAt('Hi @an and more', 10)).toBeNull()
})

const people = [
  { id: '1', name: 'Zoë Álvarez', username: 'zoe' }, { id: '2', name: 'Bob Builder', username: 'bob' },
  { id: '3', name: 'Ann Archer', username: 'ann' }, { id: '4', name: 'Łukasz Øre', username: 'luk' },
]
const names = (query: string, onTask: string[] = [], me?: string): string[] => candidates(people, query, onTask, me).map(p => p.username)

test('those on the task come first, then everybody by name', () => {
  expect(names('')).toEqual(['ann', 'bob', 'luk', 'zoe'])
  expect(names('', ['1', '2'])).toEqual(['zoe', 'bob', 'ann', 'luk'])
})
test('names and usernames are found from the start of a word, accents or not', () => {
  expect(names('alv')).toEqual(['zoe'])
  expect(names('ZOE')).toEqual(['zoe'])
  expect(names('ore')).toEqual(['luk'])
  expect(names('Álv')).toEqual(['zoe'])
  expect(names('bobb')).toEqual(['bob'])
  expect(names('uilder')).toEqual([])
})
test('oneself is left out, and there are at most eight', () => {
  expect(names('', [], '3')).toEqual(['bob', 'luk', 'zoe'])
  expect(candidates(Array.from({ length: 30 }, (_, i) => ({ id: String(i), name: `A ${i}`, username: `a${i}` })), 'a', [])).toHaveLength(8)
})
