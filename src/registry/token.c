/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "registry/token.h"

#include "base/clock.h"

#include <sodium.h>

static const struct str token_prefix = STR_INIT("pehra_");

static const struct {
	struct str word;
	enum token_permission permission;
} permission_words[] = {
	{ STR_INIT("read"), TOKEN_READ },
	{ STR_INIT("report"), TOKEN_REPORT },
	{ STR_INIT("operate"), TOKEN_OPERATE },
	{ STR_INIT("decide"), TOKEN_DECIDE },
	{ STR_INIT("admin"), TOKEN_ADMIN },
};

bool token_permissions_parse(struct str words, uint32_t *out)
{
	*out = 0;
	while (words.p != NULL) {
		struct str word = str_trim(str_split(&words, ','));
		size_t i = 0;

		while (i < ARRAY_LEN(permission_words) && !str_eq(permission_words[i].word, word))
			i++;
		if (i == ARRAY_LEN(permission_words))
			return false;
		*out |= permission_words[i].permission;
	}
	return *out != 0;
}

void token_permissions_format(struct buf *out, uint32_t permissions)
{
	const char *separator = "";

	for (size_t i = 0; i < ARRAY_LEN(permission_words); i++) {
		if ((permissions & permission_words[i].permission) == 0)
			continue;
		buf_str(out, str_c(separator));
		buf_str(out, permission_words[i].word);
		separator = ",";
	}
}

static void token_hash(
	struct str id, const uint8_t secret[TOKEN_SECRET_BYTES], uint8_t out[TOKEN_HASH_BYTES])
{
	static const char purpose[] = "pehra API token";
	crypto_generichash_state state;

	must(crypto_generichash_init(&state, NULL, 0, TOKEN_HASH_BYTES) == 0);
	must(crypto_generichash_update(&state, (const uint8_t *)purpose, sizeof purpose) == 0);
	must(crypto_generichash_update(&state, (const uint8_t *)id.p, id.n) == 0);
	must(crypto_generichash_update(&state, secret, TOKEN_SECRET_BYTES) == 0);
	must(crypto_generichash_final(&state, out, TOKEN_HASH_BYTES) == 0);
}

static enum err check_request(
	const struct token_request *request, int64_t now_s, int64_t ends_s, struct why *why)
{
	if (request->owner.n == 0 || request->owner.n > TOKEN_OWNER_MAX)
		return fail(why, ERR_USAGE, "a token's owner has 1 to %d bytes", TOKEN_OWNER_MAX);
	if (request->permissions == 0 || (request->permissions & ~(uint32_t)TOKEN_PERMISSIONS_ALL))
		return fail(why, ERR_USAGE,
			"a token has permissions: read, report, operate, decide, admin");
	if ((unsigned)request->tlp >= TLP_COUNT)
		return fail(why, ERR_USAGE, "no such TLP label");
	if (ends_s <= now_s || ends_s - now_s > (int64_t)TOKEN_LIFE_DAYS_MAX * DAY_S)
		return fail(why, ERR_USAGE, "a token ends within %d days", TOKEN_LIFE_DAYS_MAX);
	return OK;
}

enum err token_add(struct db *db, const struct token_request *request, int64_t now_s,
	char out[TOKEN_TEXT_LENGTH + 1], struct why *why)
{
	int64_t ends_s =
		request->ends_s != 0 ? request->ends_s : now_s + (int64_t)TOKEN_LIFE_DAYS * DAY_S;
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(db_finish) struct db_statement *insert = NULL;
	uint8_t id_bytes[TOKEN_ID_LENGTH / 2];
	uint8_t secret[TOKEN_SECRET_BYTES];
	uint8_t hash[TOKEN_HASH_BYTES];

	TRY(check_request(request, now_s, ends_s, why));
	randombytes_buf(id_bytes, sizeof id_bytes);
	randombytes_buf(secret, sizeof secret);
	buf_str(&text, token_prefix);
	buf_hex(&text, id_bytes, sizeof id_bytes);
	token_hash(str_from_index(buf_view(&text), token_prefix.n), secret, hash);
	TRY(db_prepare(db,
		"INSERT INTO api_token (id, hash, owner, permissions, tlp, created_s, "
		"ends_s, revoked_s, last_used_s) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)",
		&insert, why));
	db_bind_text(insert, 1, str_from_index(buf_view(&text), token_prefix.n));
	db_bind_bytes(insert, 2, str_from((const char *)hash, sizeof hash));
	db_bind_text(insert, 3, request->owner);
	db_bind_i64(insert, 4, request->permissions);
	db_bind_i64(insert, 5, request->tlp);
	db_bind_i64(insert, 6, now_s);
	db_bind_i64(insert, 7, ends_s);
	TRY(db_run(insert, NULL, why));
	buf_byte(&text, '_');
	buf_hex(&text, secret, sizeof secret);
	must(str_to_c(buf_view(&text), out, TOKEN_TEXT_LENGTH + 1));
	sodium_memzero(secret, sizeof secret);
	sodium_memzero(text.data, text.n);
	return OK;
}

enum err token_revoke(struct db *db, struct str id, int64_t now_s, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *update = NULL;
	uint64_t changed = 0;

	TRY(db_prepare(db,
		"UPDATE api_token SET revoked_s = CASE WHEN revoked_s = 0 THEN $2 "
		"ELSE revoked_s END WHERE id = $1",
		&update, why));
	db_bind_text(update, 1, id);
	db_bind_i64(update, 2, now_s);
	TRY(db_run(update, &changed, why));
	return changed == 0 ? fail(why, ERR_NOT_FOUND, "no token %.*s", STR_FMT(id)) : OK;
}

enum err token_used(struct db *db, struct str id, int64_t now_s, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *update = NULL;

	TRY(db_prepare(db,
		"UPDATE api_token SET last_used_s = $2 WHERE id = $1 AND last_used_s < $2", &update,
		why));
	db_bind_text(update, 1, id);
	db_bind_i64(update, 2, now_s - now_s % DAY_S);
	return db_run(update, NULL, why);
}

static struct token token_from_row(const struct db_statement *row, struct arena *arena)
{
	struct str hash = db_column_bytes(row, 1);
	struct token token = { .id = arena_str(arena, db_column_text(row, 0)),
		.owner = arena_str(arena, db_column_text(row, 2)),
		.permissions = (uint32_t)db_column_i64(row, 3),
		.tlp = (enum tlp)db_column_i64(row, 4),
		.created_s = db_column_i64(row, 5),
		.ends_s = db_column_i64(row, 6),
		.revoked_s = db_column_i64(row, 7),
		.last_used_s = db_column_i64(row, 8) };

	if (hash.n == sizeof token.hash)
		memcpy(token.hash, hash.p, hash.n);
	return token;
}

static enum err token_count(struct db *db, size_t *out, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *count = NULL;
	bool row = false;

	TRY(db_prepare(db, "SELECT count(*) FROM api_token", &count, why));
	TRY(db_step(count, &row, why));
	*out = row ? (size_t)db_column_i64(count, 0) : 0;
	if (*out > TOKEN_SET_MAX)
		return fail(why, ERR_LIMIT, "more than %d tokens", TOKEN_SET_MAX);
	return OK;
}

enum err token_list(
	struct db *db, struct arena *arena, struct token **out, size_t *n, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *select = NULL;
	size_t most = 0;
	bool row = false;

	*n = 0;
	TRY(token_count(db, &most, why));
	*out = arena_array(arena, most + 1, sizeof **out);
	TRY(db_prepare(db,
		"SELECT id, hash, owner, permissions, tlp, created_s, ends_s, revoked_s, "
		"last_used_s FROM api_token ORDER BY created_s, id",
		&select, why));
	TRY(db_step(select, &row, why));
	/* one added meanwhile is seen the next time */
	while (row && *n < most) {
		(*out)[(*n)++] = token_from_row(select, arena);
		TRY(db_step(select, &row, why));
	}
	return OK;
}

void token_set_done(struct token_set *set)
{
	map_done(&set->by_id);
	arena_done(&set->arena);
	*set = (struct token_set){ 0 };
}

enum err token_set_load(struct db *db, struct token_set *out, struct why *why)
{
	*out = (struct token_set){ 0 };

	enum err err = token_list(db, &out->arena, &out->tokens, &out->n, why);

	if (err != OK) {
		token_set_done(out);
		return err;
	}
	for (size_t i = 0; i < out->n; i++)
		*map_add(&out->by_id, out->tokens[i].id, NULL) = i;
	return OK;
}

enum err token_set_check(const struct token_set *set, struct str text, int64_t now_s,
	const struct token **out, struct why *why)
{
	struct str id = str_first(str_from_index(text, token_prefix.n), TOKEN_ID_LENGTH);
	struct str secret_text = str_from_index(text, token_prefix.n + TOKEN_ID_LENGTH + 1);
	uint8_t secret[TOKEN_SECRET_BYTES];
	uint8_t hash[TOKEN_HASH_BYTES];

	*out = NULL;
	if (text.n != TOKEN_TEXT_LENGTH || !str_starts(text, token_prefix) ||
		text.p[token_prefix.n + TOKEN_ID_LENGTH] != '_' || !parse_hex(secret_text, secret))
		return fail(why, ERR_DENIED, "not of the form of a token");

	const uint64_t *index = map_get(&set->by_id, id);

	if (index == NULL)
		return fail(why, ERR_DENIED, "no token %.*s", STR_FMT(id));

	const struct token *token = &set->tokens[*index];

	token_hash(id, secret, hash);
	sodium_memzero(secret, sizeof secret);
	if (sodium_memcmp(hash, token->hash, sizeof hash) != 0)
		return fail(why, ERR_DENIED, "wrong secret for token %.*s", STR_FMT(id));
	if (token->revoked_s != 0)
		return fail(why, ERR_DENIED, "token %.*s is revoked", STR_FMT(id));
	if (token->ends_s <= now_s)
		return fail(why, ERR_DENIED, "token %.*s has ended", STR_FMT(id));
	*out = token;
	return OK;
}
