import { expect, test } from 'vitest'
import { sentence, subjectOf } from './sentence'

test.each([
  ['must have at least 8 characters', 'Password', 'Password must have at least 8 characters.'],
  ['is taken', 'Email', 'Email is taken.'],
  ['"WEB" is taken by another project of this team', 'Key', '"WEB" is taken by another project of this team.'],
  ['nobody here is called "cid"', 'Email or username', 'Nobody here is called "cid".'],
  ['expected number', 'Limit', 'Limit: expected number.'],
  ['This file is empty.', 'File', 'This file is empty.'],
  ['issue 3 has no title', '', 'Issue 3 has no title.'],
])('%s', (text, subject, whole) => {
  expect(sentence(text, subject)).toBe(whole)
  expect(sentence(whole, subject)).toBe(whole)
})
test('a place of a request has a name that people know', () => {
  expect(['body.title', 'body.due_at', 'body.labels[2]', 'query.move_to', 'body', 'body.body'].map(subjectOf)).toEqual(['The title', 'The due date', 'A label', 'The move to', 'The file', 'The comment'])
})
