import { sentence, subjectOf } from '@/lib/sentence'
import type { FieldConflict, FieldError, Problem, TaskConflict, TaskDetail } from './types'

/** The server's refusal, or (status 0) the lack of any answer. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly errors: FieldError[]
  readonly current: TaskDetail | undefined
  readonly conflicts: FieldConflict[]
  /** Of a change of many tasks: those that somebody else changed meanwhile. */
  readonly tasks: TaskConflict[]

  constructor(problem: Problem) {
    super(problem.detail || problem.title)
    this.name = 'ApiError'
    this.status = problem.status
    this.code = problem.code ?? ''
    this.detail = problem.detail || problem.title
    this.errors = problem.errors ?? []
    this.current = problem.current
    this.conflicts = problem.conflicts ?? []
    this.tasks = problem.tasks ?? []
  }

  /** Nothing came back: the write may or may not have happened, so only the same key may be sent again. */
  get isNetwork(): boolean {
    return this.status === 0
  }
  /** The message for one field of a form, by its name in the body. */
  field(name: string): string | undefined {
    return this.errors.find(e => e.location === `body.${name}` || e.location === name)?.message
  }
}

export function networkError(detail = 'The server cannot be reached. Check your connection.'): ApiError {
  return new ApiError({ status: 0, title: 'Offline', code: 'network', detail })
}

/** A sentence for a person, whatever was thrown. */
export function reason(error: unknown): string {
  if (error instanceof ApiError) {
    const [first] = error.errors
    return first ? sentence(first.message, subjectOf(first.location)) : sentence(error.detail)
  }
  return 'Something went wrong. Try again.'
}
