import { sentence } from '@/lib/sentence'
import type { ImportFormat, ImportJob } from '@/api'

export const FORMATS: readonly { value: ImportFormat; label: string; text: string }[] = [
  { value: 'github', label: 'GitHub issues (JSON)', text: 'Issues with their labels, people, dates and comments. Closed ones become done.' },
  { value: 'trello', label: 'Trello board (JSON)', text: 'The cards of a board’s JSON export: lists become statuses; labels, people, due dates, checklists and comments come along.' },
  { value: 'csv', label: 'Spreadsheet (CSV)', text: 'One task a row, below a header. It needs a column title; description, status, priority, labels, assignee, author, due, created, updated, completed and id are read too.' },
  { value: 'tandem', label: 'Tandem project (JSON)', text: 'What another project exported as JSON: tasks, comments, labels and statuses.' },
]
export const GITHUB_COMMAND = 'gh issue list --state all --limit 10000 --json number,title,body,state,url,author,assignees,labels,milestone,createdAt,updatedAt,closedAt,comments > issues.json'

/** The format of a file by how it begins, as the server does it. */
export function guessFormat(head: string): ImportFormat {
  const text = head.replace(/^\ufeff/, '').trimStart()
  if (text.startsWith('[')) return 'github'
  if (/^\{\s*"tandem"/.test(text)) return 'tandem'
  return text.startsWith('{') ? 'trello' : 'csv'
}

const counted = (n: number, word: string): string => `${n.toLocaleString()} ${n === 1 ? word : `${word}s`}`
/** "269 tasks and 722 comments imported." and what was there before. */
export function summary({ tasks, comments }: Pick<ImportJob, 'tasks' | 'comments'>): string {
  const same = [tasks.unchanged && counted(tasks.unchanged, 'task'), comments.unchanged && counted(comments.unchanged, 'comment')].filter(Boolean)
  const was = same.length ? ` ${same.join(' and ')} ${tasks.unchanged + comments.unchanged === 1 ? 'was' : 'were'} here already and stayed as they are.` : ''
  if (!tasks.created && !comments.created) return was ? `Nothing new in this file.${was}` : 'The file holds no tasks.'
  return `${counted(tasks.created, 'task')} and ${counted(comments.created, 'comment')} imported.${was}`
}
/** Why an import failed, a sentence a fault. */
export function faults({ problem }: Pick<ImportJob, 'problem'>): string[] {
  if (problem?.code === 'cancelled') return []
  const texts = problem?.errors?.length ? problem.errors.map(e => e.message) : [problem?.detail || problem?.title || 'The server could not read the file']
  return texts.map(text => sentence(text))
}
/** How much of the file is in, from 0 to 100; null until the file was read. */
export const percent = ({ done, total }: Pick<ImportJob, 'done' | 'total'>): number | null => (total > 0 ? Math.min(100, Math.round((done / total) * 100)) : null)

/** "20 MB" */
export function sizeText(bytes: number): string {
  const mega = bytes / (1 << 20)
  return mega >= 1 ? `${Math.round(mega)} MB` : `${Math.max(1, Math.round(bytes / 1024))} kB`
}
