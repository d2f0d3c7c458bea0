package notify

// Index: primary key.
const mailState = `
SELECT state
FROM mails
WHERE id = $1`

// Index: primary key.
const beginMail = `
INSERT INTO mails (id, user_id, kind, address, subject, html, text, state, error, attempts, created_at)
VALUES ($1, $2, $3, '', '', '', '', 'waiting', '', 1, $4)
ON CONFLICT (id) DO UPDATE
SET attempts = mails.attempts + 1`

// Index: primary key.
const markMail = `
UPDATE mails
SET kind = $2, address = $3, subject = $4, html = $5, text = $6, state = $7, error = $8, sent_at = $9
WHERE id = $1`

// Index: notifications_to_mail (user_id, task_id) WHERE email <> ” AND mail_id IS NULL.
const claimTask = `
UPDATE notifications
SET mail_id = $1
WHERE user_id = $2 AND task_id = $3 AND email <> '' AND mail_id IS NULL AND email = 'at_once' AND read_at IS NULL`

// Index: primary key.
const claimOne = `
UPDATE notifications
SET mail_id = $1
WHERE id = $3 AND user_id = $2 AND mail_id IS NULL AND email = 'at_once' AND read_at IS NULL`

// Index: notifications_to_mail.
const claimForDigest = `
UPDATE notifications
SET mail_id = $1
WHERE user_id = $2 AND email <> '' AND mail_id IS NULL AND email = 'digest' AND read_at IS NULL`

// Index: notifications_by_mail (mail_id). A digest of somebody who was away for long is cut.
const rowsOfMail = `
SELECT ` + columns + `
FROM notifications
WHERE mail_id = $1
ORDER BY created_at DESC, id DESC
LIMIT $2`

// Index: notifications_by_mail.
const countOfMail = `
SELECT COUNT(*)
FROM notifications
WHERE mail_id = $1`

// What waits to be mailed is not. Index: notifications_to_mail.
const (
	unmailType = `
UPDATE notifications
SET email = ''
WHERE user_id = $1 AND email <> '' AND mail_id IS NULL AND type = $2`
	unmailTask = `
UPDATE notifications
SET email = ''
WHERE user_id = $1 AND email <> '' AND mail_id IS NULL AND task_id = $2`
	unmailProject = `
UPDATE notifications
SET email = ''
WHERE user_id = $1 AND email <> '' AND mail_id IS NULL AND project_id = $2`
)

// Index: primary key.
const suspension = `
SELECT reason, suspended_at
FROM bounces
WHERE email_key = $1 AND suspended_at IS NOT NULL`

// Index: primary key.
const addBounce = `
INSERT INTO bounces (email_key, count, reason, last_at)
VALUES ($1, 1, $2, $3)
ON CONFLICT (email_key) DO UPDATE
SET count = bounces.count + 1, reason = excluded.reason, last_at = excluded.last_at,
	suspended_at = CASE WHEN bounces.count + 1 >= $4 THEN excluded.last_at END`

// Index: primary key.
const forgetBounces = `
DELETE FROM bounces
WHERE email_key = $1`

// Index: mails_by_age (created_at, id).
const deleteMails = `
DELETE FROM mails
WHERE created_at < $1`

// Index: mails_by_age.
const emptyMails = `
UPDATE mails
SET html = '', text = ''
WHERE created_at < $1 AND html <> ''`

// Index: mails_by_age.
const failMails = `
UPDATE mails
SET state = 'failed', error = 'given up after a day'
WHERE created_at < $1 AND state = 'waiting'`

const mailColumns = `id, kind, address, subject, state, error, attempts, created_at, sent_at`

// Index: mails_by_age.
const listMails = `
SELECT ` + mailColumns + `
FROM mails
WHERE (created_at, id) < ($1, $2) AND (CAST($3 AS TEXT) IS NULL OR state = $3)
ORDER BY created_at DESC, id DESC
LIMIT $4`

// Index: primary key.
const mailByID = `
SELECT ` + mailColumns + `, html, text
FROM mails
WHERE id = $1`

// Index: primary key. Of two nodes that plan the same day, one gets each row.
const (
	insertDigests = `
INSERT INTO digests (user_id, day)
VALUES `
	onceADay = `
ON CONFLICT (user_id) DO UPDATE
SET day = excluded.day
WHERE digests.day < excluded.day
RETURNING user_id`
)

// Scan: everybody, by primary key, some at a time. Indexes: primary keys of notification_settings and digests.
const digestCandidates = `
SELECT u.id, u.timezone, u.created_at, COALESCE(s.digest_hour, 8), COALESCE(d.day, '')
FROM users u
LEFT JOIN notification_settings s ON s.user_id = u.id
LEFT JOIN digests d ON d.user_id = u.id
WHERE u.id > $1 AND u.disabled_at IS NULL AND COALESCE(s.digest, TRUE)
ORDER BY u.id
LIMIT $2`

// Index: primary key.
const reportOf = `
SELECT week
FROM report_subscriptions
WHERE team_id = $1 AND user_id = $2`

const subscribeReport = `
INSERT INTO report_subscriptions (team_id, user_id, week)
VALUES ($1, $2, $3)
ON CONFLICT (team_id, user_id) DO NOTHING`

const unsubscribeReport = `
DELETE FROM report_subscriptions
WHERE team_id = $1 AND user_id = $2`

// Scan: small table, one row a subscription. Indexes: primary keys of users, notification_settings and members.
const reportCandidates = `
SELECT r.team_id, r.user_id, r.week, u.timezone, COALESCE(s.digest_hour, 8)
FROM report_subscriptions r
JOIN users u ON u.id = r.user_id AND u.disabled_at IS NULL
JOIN members m ON m.team_id = r.team_id AND m.user_id = r.user_id
LEFT JOIN notification_settings s ON s.user_id = r.user_id
WHERE (r.team_id, r.user_id) > ($1, $2)
ORDER BY r.team_id, r.user_id
LIMIT $3`

// Index: primary key. Of two nodes that plan the same week, one changes the row.
const setReportWeek = `
UPDATE report_subscriptions
SET week = $3
WHERE team_id = $1 AND user_id = $2 AND week < $3`
