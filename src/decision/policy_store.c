/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decision/policy_store.h"

#include "decision/decision_int.h"

static enum err check_name(struct str name, struct why *why)
{
	if (name.n == 0 || name.n > POLICY_NAME_MAX)
		return fail(why, ERR_USAGE, "a policy's name has 1 to %d bytes", POLICY_NAME_MAX);
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c >= 'a' && c <= 'z') && !byte_is_digit(c) && c != '-')
			return fail(why, ERR_USAGE,
				"a policy's name has lower-case letters, digits and hyphens");
	}
	return OK;
}

static enum err policy_of_text(struct str text, struct policy *out, struct why *why)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct json_node root;

	TRY(json_parse(reader, text, &root, why));
	return policy_read(root, out, why);
}

enum err policy_add(struct db *db, struct str name, struct str text, struct str note, struct str by,
	int64_t now_s, int64_t *id, struct why *why)
{
	static const char sql[] = "INSERT INTO policy_version (id, name, text, note, made, made_by)"
				  " VALUES ($1, $2, $3, $4, $5, $6)";
	CLEANUP(db_finish) struct db_statement *write = NULL;
	struct policy policy;

	TRY(check_name(name, why));
	TRY(decision_text_check(text, 1, POLICY_TEXT_MAX, "the policy", why));
	TRY(decision_text_check(note, 0, POLICY_NOTE_MAX, "the note", why));
	TRY(decision_text_check(by, 1, SIZE_MAX, "the policy's maker", why));
	TRY(policy_of_text(text, &policy, why));
	TRY(decision_number(db, "SELECT coalesce(max(id), 0) + 1 FROM policy_version", id, why));
	TRY(db_prepare(db, sql, &write, why));
	db_bind_i64(write, 1, *id);
	db_bind_text(write, 2, name);
	db_bind_text(write, 3, text);
	db_bind_text(write, 4, note);
	db_bind_i64(write, 5, now_s);
	db_bind_text(write, 6, by);
	return db_run(write, NULL, why);
}

/* Whichever of the name is live is so no longer. */
static enum err end_reign(struct db *db, struct str name, int64_t now_s, struct why *why)
{
	static const char sql[] =
		"UPDATE policy_reign SET live_until = $2 WHERE live_until = 0 AND policy IN"
		" (SELECT id FROM policy_version WHERE name = $1)";
	CLEANUP(db_finish) struct db_statement *write = NULL;

	TRY(db_prepare(db, sql, &write, why));
	db_bind_text(write, 1, name);
	db_bind_i64(write, 2, now_s);
	return db_run(write, NULL, why);
}

static enum err begin_reign(
	struct db *db, int64_t policy, struct str by, int64_t now_s, struct why *why)
{
	static const char sql[] =
		"INSERT INTO policy_reign (id, policy, live_from, live_until, live_by)"
		" VALUES ($1, $2, $3, 0, $4)";
	CLEANUP(db_finish) struct db_statement *write = NULL;
	int64_t id;

	TRY(decision_number(db, "SELECT coalesce(max(id), 0) + 1 FROM policy_reign", &id, why));
	TRY(db_prepare(db, sql, &write, why));
	db_bind_i64(write, 1, id);
	db_bind_i64(write, 2, policy);
	db_bind_i64(write, 3, now_s);
	db_bind_text(write, 4, by);
	return db_run(write, NULL, why);
}

enum err policy_go_live(struct db *db, int64_t id, struct str by, int64_t now_s, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct policy_version version;

	TRY(decision_text_check(by, 1, SIZE_MAX, "who makes it live", why));
	TRY(policy_find(db, id, &arena, &version, why));
	if (version.live_from_s != 0 && version.live_until_s == 0)
		return fail(why, ERR_USAGE, "policy %lld is live already", (long long)id);
	TRY(end_reign(db, version.name, now_s, why));
	return begin_reign(db, id, by, now_s, why);
}

/* The newest reign of each version is told; in the order that row_of() reads. */
#define SELECT_VERSIONS                                                                      \
	"SELECT v.id, v.name, v.text, v.note, v.made, v.made_by, r.live_from, r.live_until," \
	" r.live_by FROM policy_version v LEFT JOIN policy_reign r ON r.id ="                \
	" (SELECT max(newest.id) FROM policy_reign newest WHERE newest.policy = v.id) WHERE "

static struct policy_version row_of(const struct db_statement *list)
{
	return (struct policy_version){
		.id = db_column_i64(list, 0),
		.name = db_column_text(list, 1),
		.text = db_column_text(list, 2),
		.note = db_column_text(list, 3),
		.made_s = db_column_i64(list, 4),
		.made_by = db_column_text(list, 5),
		.live_from_s = db_column_i64(list, 6),
		.live_until_s = db_column_i64(list, 7),
		.live_by = db_column_text(list, 8),
	};
}

enum err policy_list(struct db *db, struct str name, policy_each each, void *state, struct why *why)
{
	static const char sql[] = SELECT_VERSIONS "($1 = '' OR v.name = $1) ORDER BY v.id DESC";
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	TRY(db_prepare(db, sql, &list, why));
	db_bind_text(list, 1, name);
	TRY(db_step(list, &row, why));
	while (row) {
		struct policy_version version = row_of(list);

		TRY(each(state, &version, why));
		TRY(db_step(list, &row, why));
	}
	return OK;
}

/* The texts are placed in the arena, where they outlive the row. */
static void keep(struct policy_version *version, struct arena *arena)
{
	struct str *texts[] = { &version->name, &version->text, &version->note, &version->made_by,
		&version->live_by };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = arena_str(arena, *texts[i]);
}

enum err policy_find(
	struct db *db, int64_t id, struct arena *arena, struct policy_version *out, struct why *why)
{
	static const char sql[] = SELECT_VERSIONS "v.id = $1";
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	TRY(db_prepare(db, sql, &list, why));
	db_bind_i64(list, 1, id);
	TRY(db_step(list, &row, why));
	if (!row)
		return fail(why, ERR_NOT_FOUND, "no policy %lld", (long long)id);
	*out = row_of(list);
	keep(out, arena);
	return OK;
}

enum err policy_live(struct db *db, struct str name, int64_t as_of_s, struct policy *out,
	int64_t *id, struct why *why)
{
	static const char sql[] =
		"SELECT v.id, v.text FROM policy_reign r JOIN policy_version v ON v.id = r.policy"
		" WHERE v.name = $1 AND r.live_from <= $2 AND (r.live_until = 0 OR"
		" r.live_until > $2) ORDER BY r.id DESC LIMIT 1";
	CLEANUP(db_finish) struct db_statement *find = NULL;
	bool row;

	*id = 0;
	TRY(db_prepare(db, sql, &find, why));
	db_bind_text(find, 1, name);
	db_bind_i64(find, 2, as_of_s == 0 ? INT64_MAX : as_of_s);
	TRY(db_step(find, &row, why));
	if (row) {
		*id = db_column_i64(find, 0);
		return policy_of_text(db_column_text(find, 1), out, why);
	}
	if (!str_eq(name, STR(POLICY_DEFAULT_NAME)))
		return fail(why, ERR_NOT_FOUND, "no policy %.*s is live", STR_FMT(name));
	policy_default(out);
	return OK;
}
