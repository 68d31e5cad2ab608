/* SPDX-License-Identifier: GPL-3.0-or-later */
/* API tokens, on both drivers. */
#include "store/fixture.h"

#include "base/clock.h"
#include "registry/schema.h"
#include "registry/token.h"

#define NOW INT64_C(1795381200)

static struct db *registry(void **state)
{
	struct db *db = fresh(state);

	WORKS(db_migrate(db, registry_migrations, REGISTRY_MIGRATIONS, NOW, &why));
	return db;
}

static void add(struct db *db, const char *owner, char out[TOKEN_TEXT_LENGTH + 1])
{
	struct token_request request = { str_c(owner), TOKEN_READ | TOKEN_REPORT, TLP_GREEN, 0 };

	WORKS(token_add(db, &request, NOW, out, &why));
}

static enum err check(struct db *db, struct str text, int64_t now_s, struct why *reason)
{
	CLEANUP(token_set_done) struct token_set set = { 0 };
	const struct token *token;
	enum err err;

	WORKS(token_set_load(db, &set, &why));
	err = token_set_check(&set, text, now_s, &token, reason);
	assert_int_equal(err == OK, token != NULL);
	return err;
}

static void test_life(void **state)
{
	CLEANUP(db_close) struct db *db = registry(state);
	CLEANUP(token_set_done) struct token_set set = { 0 };
	char text[TOKEN_TEXT_LENGTH + 1];
	const struct token *token;
	struct str id;
	int64_t end_s = NOW + INT64_C(365) * DAY_S;

	add(db, "sensor@example.org", text);
	assert_int_equal(strlen(text), TOKEN_TEXT_LENGTH);
	WORKS(token_set_load(db, &set, &why));
	WORKS(token_set_check(&set, str_c(text), NOW, &token, &why));
	assert_true(str_eq(token->owner, STR("sensor@example.org")));
	assert_int_equal(token->permissions, TOKEN_READ | TOKEN_REPORT);
	assert_int_equal(token->tlp, TLP_GREEN);
	assert_int_equal(token->ends_s, end_s);
	id = str_from(text + 6, TOKEN_ID_LENGTH);
	assert_true(str_eq(token->id, id));

	FAILS(ERR_DENIED, check(db, str_c(text), end_s, &why));
	WORKS(check(db, str_c(text), end_s - 1, &why));
	WORKS(token_used(db, id, NOW + 5, &why));
	WORKS(token_used(db, id, NOW - DAY_S, &why));
	token_set_done(&set);
	WORKS(token_set_load(db, &set, &why));
	assert_int_equal(set.tokens[0].last_used_s, NOW - NOW % DAY_S);

	WORKS(token_revoke(db, id, NOW + 10, &why));
	WORKS(token_revoke(db, id, NOW + 20, &why));
	FAILS(ERR_DENIED, check(db, str_c(text), NOW, &why));
	token_set_done(&set);
	WORKS(token_set_load(db, &set, &why));
	assert_int_equal(set.tokens[0].revoked_s, NOW + 10);
	FAILS(ERR_NOT_FOUND, token_revoke(db, STR("0123456789ab"), NOW, &why));
}

/* No text but the one that was given out is let in; the store holds no secret. */
static void test_forgery(void **state)
{
	CLEANUP(db_close) struct db *db = registry(state);
	CLEANUP(db_finish) struct db_statement *select = NULL;
	char text[TOKEN_TEXT_LENGTH + 1];
	char other[TOKEN_TEXT_LENGTH + 1];
	char changed[TOKEN_TEXT_LENGTH + 1];
	uint8_t secret[TOKEN_SECRET_BYTES];
	bool row;

	add(db, "a", text);
	add(db, "b", other);
	assert_string_not_equal(text, other);
	for (size_t i = 0; i < TOKEN_TEXT_LENGTH; i++) {
		memcpy(changed, text, sizeof changed);
		changed[i] = changed[i] == '0' ? '1' : '0';
		FAILS(ERR_DENIED, check(db, str_c(changed), NOW, &why));
		FAILS(ERR_DENIED, check(db, str_from(text, i), NOW, &why));
	}
	memcpy(changed, text, sizeof changed);
	memcpy(changed + 6, other + 6, TOKEN_ID_LENGTH);
	FAILS(ERR_DENIED, check(db, str_c(changed), NOW, &why));
	must(parse_hex(str_from(text + 6 + TOKEN_ID_LENGTH + 1, 2 * TOKEN_SECRET_BYTES), secret));
	WORKS(db_prepare(db, "SELECT hash FROM api_token", &select, &why));
	WORKS(db_step(select, &row, &why));
	while (row) {
		struct str hash = db_column_bytes(select, 0);

		assert_int_equal(hash.n, TOKEN_HASH_BYTES);
		assert_true(memcmp(hash.p, secret, sizeof secret) != 0);
		WORKS(db_step(select, &row, &why));
	}
}

static void refused(struct db *db, const char *owner, uint32_t permissions, int64_t ends_s)
{
	struct token_request request = { str_c(owner), permissions, TLP_CLEAR, ends_s };
	char text[TOKEN_TEXT_LENGTH + 1];

	FAILS(ERR_USAGE, token_add(db, &request, NOW, text, &why));
}

static void test_refusals(void **state)
{
	CLEANUP(db_close) struct db *db = registry(state);

	refused(db, "", TOKEN_READ, 0);
	refused(db, "a", 0, 0);
	refused(db, "a", TOKEN_PERMISSIONS_ALL + 1, 0);
	refused(db, "a", TOKEN_READ, NOW);
	refused(db, "a", TOKEN_READ, NOW + INT64_C(731) * DAY_S);
	assert_int_equal(number(db, "SELECT count(*) FROM api_token"), 0);
}

static void test_words(void **state)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	uint32_t permissions;

	(void)state;
	assert_true(token_permissions_parse(STR("read, operate"), &permissions));
	assert_int_equal(permissions, TOKEN_READ | TOKEN_OPERATE);
	token_permissions_format(&text, permissions);
	assert_true(str_eq(buf_view(&text), STR("read,operate")));
	buf_clear(&text);
	assert_true(token_permissions_parse(STR("admin,decide"), &permissions));
	assert_int_equal(permissions, TOKEN_ADMIN | TOKEN_DECIDE);
	token_permissions_format(&text, TOKEN_PERMISSIONS_ALL);
	assert_true(str_eq(buf_view(&text), STR("read,report,operate,decide,admin")));
	assert_false(token_permissions_parse(STR("read,,admin"), &permissions));
	assert_false(token_permissions_parse(STR(""), &permissions));
	assert_false(token_permissions_parse(STR("root"), &permissions));
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_forgery),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_words),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
