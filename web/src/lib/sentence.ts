// The server says what is wrong with an input without naming it ("must not be empty"), as it does not know what a page
// calls it.
const PREDICATE = /^(must|is|are|was|were|has|have|may|can|cannot|belongs|ends)\b/

/** A sentence of it: "Name must not be empty." Whole sentences only get their capital and full stop. */
export function sentence(text: string, subject = ''): string {
  const whole = !subject ? text : PREDICATE.test(text) ? `${subject} ${text}` : /^expected\b/.test(text) ? `${subject}: ${text}` : text
  return whole.charAt(0).toUpperCase() + whole.slice(1) + (/[.!?…]$/.test(whole) ? '' : '.')
}

const SUBJECTS: Record<string, string> = { 'body': 'The file', 'body.body': 'The comment', 'assigned_to': 'The assignee', 'due_at': 'The due date', 'task_ids[]': 'A task', 'labels[]': 'A label' }

/** What stands at a place such as "body.due_at" or "body.labels[2]", for a message that is read away from its field. */
export function subjectOf(location: string): string {
  const name = location.slice(location.lastIndexOf('.') + 1).replace(/\[\d+\]/, '[]')
  return SUBJECTS[location] ?? SUBJECTS[name] ?? `The ${name.replace('[]', '').replaceAll('_', ' ')}`
}
