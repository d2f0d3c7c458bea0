import type { Project } from '@/api'

/** "12 open, 30 done": what lies in a project, when its counts are known. */
export function contents({ statuses }: Partial<Pick<Project, 'statuses'>>): string {
  if (!statuses) return ''
  const sum = (...of: string[]): number => statuses.filter(s => of.includes(s.category)).reduce((n, s) => n + s.count, 0)
  const [open, done] = [sum('backlog', 'active'), sum('done')]
  return open + done === 0 ? 'No tasks' : done ? `${open} open, ${done} done` : `${open} open`
}
