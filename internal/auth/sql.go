package auth

const sessionColumns = `id, user_id, user_agent, ip, created_at, last_used_at, expires_at`

const insertSession = `
INSERT INTO sessions (id, user_id, user_agent, ip, created_at, last_used_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $5, $6)`

// Index: sessions' primary key.
const aliveSession = `
SELECT ` + sessionColumns + `
FROM sessions
WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2`

// Index: sessions_by_user (user_id, created_at).
const listSessions = `
SELECT ` + sessionColumns + `
FROM sessions
WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
ORDER BY created_at DESC
LIMIT $3`

// Index: sessions' primary key.
const useSession = `
UPDATE sessions
SET last_used_at = $2, expires_at = $3, user_agent = $4, ip = $5
WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2
RETURNING user_id`

// Index: sessions' primary key.
const endSession = `
UPDATE sessions
SET revoked_at = $3
WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3
RETURNING id`

// Index: sessions_by_user (user_id, created_at). $2 is the one that stays; "" ends them all.
const endOtherSessions = `
UPDATE sessions
SET revoked_at = $3
WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL AND expires_at > $3
RETURNING id`

// Index: sessions_by_expiry (expires_at). Their refresh tokens go with them.
const deleteExpiredSessions = `
DELETE FROM sessions
WHERE expires_at <= $1`

const insertRefreshToken = `
INSERT INTO refresh_tokens (hash, session_id, created_at)
VALUES ($1, $2, $3)`

// Index: refresh_tokens' primary key. Of two requests with one token, exactly one gets a row.
const useRefreshToken = `
UPDATE refresh_tokens
SET used_at = $2, used_key = $3
WHERE hash = $1 AND used_at IS NULL
RETURNING session_id`

// Index: refresh_tokens' primary key.
const findRefreshToken = `
SELECT session_id, used_at, used_key
FROM refresh_tokens
WHERE hash = $1`

// Index: refresh_tokens_by_use (used_at).
const deleteUsedRefreshTokens = `
DELETE FROM refresh_tokens
WHERE used_at < $1`

const insertReset = `
INSERT INTO password_resets (hash, user_id, created_at, expires_at)
VALUES ($1, $2, $3, $4)`

// Index: password_resets_by_user (user_id).
const countResets = `
SELECT count(*)
FROM password_resets
WHERE user_id = $1 AND expires_at > $2`

// Index: password_resets' primary key.
const findReset = `
SELECT user_id
FROM password_resets
WHERE hash = $1 AND used_at IS NULL AND expires_at > $2`

// Index: password_resets' primary key. Of two requests with one link, exactly one gets a row.
const useReset = `
UPDATE password_resets
SET used_at = $2
WHERE hash = $1 AND used_at IS NULL AND expires_at > $2
RETURNING user_id`

// Index: password_resets_by_user (user_id).
const deleteResetsOf = `
DELETE FROM password_resets
WHERE user_id = $1`

// Scan: small table, at most five rows a user and hour.
const deleteExpiredResets = `
DELETE FROM password_resets
WHERE expires_at <= $1`

const insertVerification = `
INSERT INTO email_verifications (hash, user_id, email_key, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5)`

// Index: email_verifications_by_user (user_id).
const countVerifications = `
SELECT count(*)
FROM email_verifications
WHERE user_id = $1 AND expires_at > $2`

// Index: email_verifications' primary key.
const findVerification = `
SELECT user_id, email_key
FROM email_verifications
WHERE hash = $1 AND expires_at > $2`

// Index: email_verifications_by_user (user_id).
const deleteVerificationsOf = `
DELETE FROM email_verifications
WHERE user_id = $1`

// Scan: small table, at most five rows a user and three days.
const deleteExpiredVerifications = `
DELETE FROM email_verifications
WHERE expires_at <= $1`
