package users

// The avatar's file name in the size that is shown most. Index: avatars' primary key.
const avatarName = `(SELECT a.hash || '-64.' || a.type FROM avatars a WHERE a.user_id = users.id AND a.size = 64)`

const userColumns = `id, username, name, ` + avatarName

// Index: users' primary key. The list of ids is added.
const profilesByID = `
SELECT ` + userColumns + `
FROM users
WHERE id IN `

// Index: users_by_username, users_by_email. A username has no "@", so at most one row matches.
const userByLogin = `
SELECT ` + userColumns + `
FROM users
WHERE username_key = $1 OR email_key = $1`

// Index: users_by_username (username_key).
const userByUsername = `
SELECT ` + userColumns + `
FROM users
WHERE username_key = $1`

const meColumns = userColumns + `, email, timezone, locale, theme, is_admin, created_at, email_verified_at IS NOT NULL`

// Index: users' primary key.
const meByID = `
SELECT ` + meColumns + `
FROM users
WHERE id = $1`

// Index: users' primary key.
const listUsers = `
SELECT ` + meColumns + `
FROM users
WHERE id > $1
ORDER BY id
LIMIT $2`

// Index: any; the first row found settles it.
const anyUser = `
SELECT EXISTS (SELECT 1 FROM users)`

// On SQLite the one writer is locked already. PostgreSQL holds off other inserts until the commit;
// a registration takes this only while there is nobody.
const lockUsersPostgres = `
LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE`

const insertUser = `
INSERT INTO users (id, username, username_key, email, email_key, name, password_hash, timezone, locale, theme, is_admin, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)`

// Index: users_by_username, users_by_email.
const takenKeys = `
SELECT id, username_key, email_key
FROM users
WHERE username_key = $1 OR email_key = $2`

const credentialColumns = `id, username, email, password_hash, is_admin, disabled_at`

// Index: users_by_username, users_by_email.
const credentialsByLogin = `
SELECT ` + credentialColumns + `
FROM users
WHERE username_key = $1 OR email_key = $1`

// Index: users' primary key.
const credentialsByID = `
SELECT ` + credentialColumns + `
FROM users
WHERE id = $1`

// Index: users' primary key.
const setPasswordHash = `
UPDATE users
SET password_hash = $2, updated_at = $3
WHERE id = $1`

// Index: users' primary key.
const setDisabled = `
UPDATE users
SET disabled_at = $2, updated_at = $3
WHERE id = $1`

// Index: users' primary key.
const touchUser = `
UPDATE users
SET updated_at = $2
WHERE id = $1`

// Index: users' primary key. A new address is one that nobody has verified.
const updateUser = `
UPDATE users
SET name = $2, email = $3, email_key = $4, timezone = $5, locale = $6, theme = $7,
	email_verified_at = CASE WHEN email_key = $4 THEN email_verified_at END
WHERE id = $1`

// Index: users' primary key.
const mailboxByID = `
SELECT id, username, name, email, timezone, email_verified_at IS NOT NULL, disabled_at IS NOT NULL
FROM users
WHERE id = $1`

// Index: users' primary key.
const verifyEmail = `
UPDATE users
SET email_verified_at = $3
WHERE id = $1 AND email_key = $2`

// Index: avatars' primary key.
const deleteAvatar = `
DELETE FROM avatars
WHERE user_id = $1`

// The rows are added.
const insertAvatars = `
INSERT INTO avatars (user_id, size, hash, type, data)
VALUES `

// Index: avatars_by_hash (hash, size).
const avatarByHash = `
SELECT data
FROM avatars
WHERE hash = $1 AND size = $2 AND type = $3`
