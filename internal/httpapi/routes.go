package httpapi

import (
	"net/http"

	"tandem/internal/users"
)

// routes is the whole API on one screen. (Its pages are in pages.go.)
func (a *API) routes() {
	const created, accepted = http.StatusCreated, http.StatusAccepted

	account := group{a, "account"}
	post(account, "/api/auth/register", "register", "Register a user", a.register, public, limited(loginPolicy), status(created))
	post(account, "/api/auth/login", "login", "Log in", a.login, public, limited(loginPolicy))
	post(account, "/api/auth/refresh", "refresh", "Trade the refresh cookie for an access token", a.refresh, public)
	post(account, "/api/auth/logout", "logout", "End this session", a.logout, public)
	post(account, "/api/auth/password/forgot", "forgotPassword", "Ask for a link that sets a new password", a.forgotPassword, public, limited(loginPolicy), status(accepted))
	post(account, "/api/auth/password/reset", "resetPassword", "Set a new password with the token of such a link", a.resetPassword, public, limited(loginPolicy))
	post(account, "/api/auth/email/verify", "verifyEmail", "Confirm an address with the token of the link that was mailed there", a.verifyEmail, public, limited(loginPolicy))
	get(account, "/api/unsubscribe/{token}", "subscription", "What the unsubscribe link of a mail is about", a.subscription, public)
	post(account, "/api/unsubscribe/{token}", "subscribe", "Change what such a link is about; mail programs post to /unsubscribe/{token} instead", a.subscribe, public)
	get(account, "/api/config", "config", "What the app has to know before anybody has logged in", a.config, public)

	me := group{a, "me"}
	get(me, "/api/me", "me", "Your account", a.me)
	patch(me, "/api/me", "updateMe", "Change your account", a.updateMe)
	put(me, "/api/me/avatar", "setAvatar", "Set your avatar: the square in the middle of a picture", a.setAvatar, limited(avatarPolicy), rawBody(users.MaxPicture))
	del(me, "/api/me/avatar", "removeAvatar", "Have no avatar", a.removeAvatar)
	put(me, "/api/me/password", "changePassword", "Change your password; your other sessions end", a.changePassword, limited(loginPolicy))
	post(me, "/api/me/email/verification", "sendVerification", "Have the link that confirms your address mailed again", a.sendVerification, limited(loginPolicy), status(accepted))
	post(me, "/api/me/email/resume", "resumeEmail", "Have mails sent to your address again, after servers refused some", a.resumeEmail)
	get(me, "/api/me/sessions", "sessions", "Your sessions", a.sessions)
	del(me, "/api/me/sessions/{id}", "endSession", "End one of your sessions", a.endSession)
	get(me, "/api/me/analytics", "myAnalytics", "The figures of the tasks that are assigned to you, in all your teams", a.myAnalytics)
	get(me, "/api/me/filters", "myFilters", "The saved filters of your own tasks", a.myFilters)
	post(me, "/api/me/filters", "createMyFilter", "Save a filter of your own tasks", a.createMyFilter, status(created))
	get(me, "/api/me/invites", "myInvites", "Invites that wait for you", a.myInvites)
	post(me, "/api/me/invites/{id}/accept", "acceptMyInvite", "Join the team you are invited to", a.acceptMyInvite)
	post(me, "/api/me/invites/{id}/decline", "declineMyInvite", "Decline an invite", a.declineMyInvite)
	get(me, "/api/users/{username}", "user", "Somebody you share a team with", a.user)

	notifications := group{a, "notifications"}
	get(notifications, "/api/notifications", "notifications", "Your notifications, newest first", a.notifications)
	get(notifications, "/api/notifications/unread", "unread", "How many you have not read", a.unread)
	post(notifications, "/api/notifications/{id}/read", "readNotification", "Mark one as read", a.readNotification)
	post(notifications, "/api/notifications/read", "readNotifications", "Mark some as read, all or none", a.readNotifications)
	post(notifications, "/api/notifications/read-all", "readAllNotifications", "Mark all as read, or all of a type", a.readAllNotifications)
	del(notifications, "/api/notifications/{id}", "deleteNotification", "Delete one", a.deleteNotification)
	post(notifications, "/api/notifications/delete", "deleteNotifications", "Delete some, all or none", a.deleteNotifications)
	get(notifications, "/api/me/notification-preferences", "notificationPreferences", "How you are told, by type", a.notificationSettings)
	put(notifications, "/api/me/notification-preferences", "updateNotificationPreferences", "Change how you are told; what is left out stays", a.updateNotificationSettings)
	get(notifications, "/api/me/mutes", "mutes", "What you hear nothing of", a.mutes)
	put(notifications, "/api/tasks/{id}/mute", "muteTask", "Hear nothing of a task", a.muteTask)
	del(notifications, "/api/tasks/{id}/mute", "unmuteTask", "Hear of a task again", a.unmuteTask)
	put(notifications, "/api/projects/{id}/mute", "muteProject", "Hear nothing of a project", a.muteProject)
	del(notifications, "/api/projects/{id}/mute", "unmuteProject", "Hear of a project again", a.unmuteProject)

	teams := group{a, "teams"}
	get(teams, "/api/teams", "teams", "Your teams", a.listTeams)
	post(teams, "/api/teams", "createTeam", "Create a team; you become its owner", a.createTeam, status(created))
	get(teams, "/api/teams/{id}", "team", "One team", a.team)
	patch(teams, "/api/teams/{id}", "updateTeam", "Change a team", a.updateTeam)
	del(teams, "/api/teams/{id}", "deleteTeam", "Delete a team and all that is in it", a.deleteTeam)
	get(teams, "/api/teams/{id}/members", "members", "The members of a team", a.members)
	patch(teams, "/api/teams/{id}/members/{user_id}", "setRole", "Change a member's role", a.setRole)
	del(teams, "/api/teams/{id}/members/{user_id}", "removeMember", "Remove a member, or leave the team", a.removeMember)
	get(teams, "/api/teams/{id}/invites", "invites", "The invites of a team", a.invites)
	post(teams, "/api/teams/{id}/invites", "invite", "Invite somebody; the answer holds the invite's token, once", a.invite, status(created))
	del(teams, "/api/teams/{id}/invites/{invite_id}", "revokeInvite", "Take an invite back", a.revokeInvite)
	get(teams, "/api/invites/{token}", "inviteByToken", "What an invite is for", a.inviteByToken, public)
	post(teams, "/api/invites/{token}/accept", "acceptInvite", "Join the team of an invite", a.acceptInvite)
	post(teams, "/api/invites/{token}/decline", "declineInvite", "Decline an invite", a.declineInvite)
	get(teams, "/api/teams/{id}/labels", "labels", "The labels of a team", a.labels)
	post(teams, "/api/teams/{id}/labels", "createLabel", "Create a label", a.createLabel, status(created))
	patch(teams, "/api/labels/{id}", "updateLabel", "Change a label", a.updateLabel)
	del(teams, "/api/labels/{id}", "deleteLabel", "Delete a label; tasks lose it", a.deleteLabel)
	get(teams, "/api/teams/{id}/members/{user_id}/analytics", "memberAnalytics", "The figures of a member's tasks in the team, when the team shows them", a.memberAnalytics)
	get(teams, "/api/teams/{id}/analytics", "teamAnalytics", "The figures of a team, or of one of its projects", a.teamAnalytics)
	get(teams, "/api/teams/{id}/report", "report", "Whether you get the team's weekly report by mail", a.report)
	put(teams, "/api/teams/{id}/report", "subscribeReport", "Get the team's weekly report by mail, on Mondays", a.subscribeReport)
	del(teams, "/api/teams/{id}/report", "unsubscribeReport", "Get it no longer", a.unsubscribeReport)
	get(teams, "/api/teams/{id}/events", "events", "The changes of a team after a seq, oldest first", a.events)

	projects := group{a, "projects"}
	get(projects, "/api/teams/{id}/projects", "projects", "The projects of a team", a.projects)
	post(projects, "/api/teams/{id}/projects", "createProject", "Create a project", a.createProject, status(created))
	get(projects, "/api/projects/{id}", "project", "One project", a.project)
	patch(projects, "/api/projects/{id}", "updateProject", "Change a project", a.updateProject)
	del(projects, "/api/projects/{id}", "deleteProject", "Delete a project and its tasks", a.deleteProject)
	post(projects, "/api/projects/{id}/statuses", "addStatus", "Add a status", a.addStatus, status(created))
	patch(projects, "/api/projects/{id}/statuses/{slug}", "updateStatus", "Change or move a status", a.updateStatus)
	del(projects, "/api/projects/{id}/statuses/{slug}", "deleteStatus", "Delete a status; its tasks go where move_to says", a.deleteStatus)
	get(projects, "/api/projects/{id}/filters", "filters", "Your saved filters of a project, and those that are shared", a.filters)
	post(projects, "/api/projects/{id}/filters", "createFilter", "Save a filter", a.createFilter, status(created))
	patch(projects, "/api/filters/{id}", "updateFilter", "Change a saved filter: your own, or as somebody who manages projects a shared one", a.updateFilter)
	del(projects, "/api/filters/{id}", "deleteFilter", "Delete a saved filter", a.deleteFilter)
	get(projects, "/api/projects/{id}/board", "board", "All that paints a board", a.board)

	post(projects, "/api/projects/{id}/import", "startImport", "Import tasks from a file", a.startImport, status(accepted), limited(importPolicy), stream(a.Config.MaxImportSize))
	get(projects, "/api/imports/{id}", "importJob", "How far an import is", a.importJob)
	del(projects, "/api/imports/{id}", "cancelImport", "End an import; nothing of it stays", a.cancelImport)
	getFile(projects, "/api/projects/{id}/export", "export", "The project's tasks and comments as a file", a.export)

	tasks := group{a, "tasks"}
	get(tasks, "/api/tasks", "tasks", "Tasks by filter", a.listTasks)
	post(tasks, "/api/projects/{id}/tasks", "createTask", "Create a task", a.createTask, status(created))
	post(tasks, "/api/tasks/move", "moveTasks", "Move tasks, all or none", a.moveTasks)
	post(tasks, "/api/tasks/edit", "editTasks", "Edit tasks, all or none", a.editTasks)
	post(tasks, "/api/tasks/delete", "deleteTasks", "Put tasks into the trash, all or none", a.deleteTasks)
	post(tasks, "/api/tasks/restore", "restoreTasks", "Bring tasks back from the trash, all or none", a.restoreTasks)
	get(tasks, "/api/tasks/{id}", "task", "One task", a.task)
	patch(tasks, "/api/tasks/{id}", "updateTask", "Change a task", a.updateTask)
	del(tasks, "/api/tasks/{id}", "deleteTask", "Put a task into the trash", a.deleteTask)
	post(tasks, "/api/tasks/{id}/restore", "restoreTask", "Bring a task back from the trash", a.restoreTask)
	put(tasks, "/api/tasks/{id}/watch", "watchTask", "Watch a task", a.watchTask)
	del(tasks, "/api/tasks/{id}/watch", "unwatchTask", "Watch a task no longer", a.unwatchTask)
	get(tasks, "/api/tasks/{id}/activity", "activity", "What happened to a task, newest first", a.activity)
	get(tasks, "/api/tasks/{id}/presence", "presence", "Who looks at a task right now", a.presence)
	get(tasks, "/api/tasks/{id}/comments", "comments", "The comments on a task, oldest first", a.comments)
	post(tasks, "/api/tasks/{id}/comments", "addComment", "Comment on a task", a.addComment, status(created))
	patch(tasks, "/api/comments/{id}", "updateComment", "Change your comment", a.updateComment)
	del(tasks, "/api/comments/{id}", "deleteComment", "Delete a comment", a.deleteComment)
	get(tasks, "/api/search/people", "searchPeople", "People of your teams with these names", a.searchPeople)
	get(tasks, "/api/search", "search", "Tasks and comments with these words", a.search)

	administration := group{a, "administration"}
	get(administration, "/api/admin/mails", "mails", "The log of mails, newest first", a.mails)
	get(administration, "/api/admin/mails/{id}", "mail", "One mail; what it says is kept for a week when there is no mail server", a.mail)
	get(administration, "/api/admin/mail-previews", "mailPreviews", "The kinds of mails", a.mailPreviews)
	get(administration, "/api/admin/mail-previews/{kind}", "mailPreview", "A mail of sample data", a.mailPreview)

	operations := group{a, "operations"}
	get(operations, "/healthz", "healthz", "Whether the process lives", a.healthz, public)
	get(operations, "/readyz", "readyz", "Whether requests should come here", a.readyz, public)
}
