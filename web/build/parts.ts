// What is loaded together. A few chunks of a sensible size: small ones compress badly, and each costs a request.

/** What every page needs; loaded with the first one. */
const APP = new RegExp(
  [
    'src/api/',
    'src/lib/(?!copy|draft|grow|submit|html|rank)',
    'src/features/(session|teams|projects|tasks(?!/(changes|courier|divide|history|menu|outbox|perform|places|words)\\b)|realtime(?!/socket\\b))/', // the socket with its library comes after the first paint
    'src/features/notifications/(unread|links|Bell\\.vue)',
    'src/features/(commands/registry|selection/(view|selection|rename))\\b',
    'src/app/(App|AppShell|Sidebar|TeamSwitcher|UserMenu|MobileNav|TopBar|router)\\b',
    'src/ui/(Avatar|Banner|Button|EmptyState|Icon\\.|icons\\.|IconButton|LabelChip|Logo|Menu|PriorityIcon|StatusDot|ViewLinks|confirm|dialogs|toast)\\b',
    'preload-helper',
  ].join('|'),
)
const VUE = /node_modules\/(@vue|vue|vue-router|pinia)\//
const FORMS = /src\/ui\/(Field|field|Input|Textarea|Select|TextLink|DateField|Skeleton|Tabs)\b|src\/app\/Page\b|src\/lib\/submit\b|src\/features\/auth\/AuthFrame\b/
const BOARD = /src\/features\/(board\/(?!flip|NewTask|BoardFilter)|drag\/keys|project\/Project(Page|Top)\b|task\/useTaskOver\b)/

export const groups = [
  { name: 'vue', test: VUE, priority: 4 },
  { name: 'app', test: APP, priority: 3 },
  { name: 'forms', test: FORMS, priority: 5 },
  { name: 'board', test: BOARD, priority: 2 },
]

const LOGIN = /src\/app\/main\b|src\/features\/auth\/LoginPage\b/

/** Whether a source is part of what people meet first, the board and the login: style.css is made for these alone. */
export const isFirst = (source: string): boolean => [APP, FORMS, BOARD, LOGIN].some(part => part.test(source))
