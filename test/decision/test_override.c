/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Overrides on both drivers: what is refused, who may approve, what replaces what. */
#include "decision/decision_fixture.h"

static int64_t add(struct db *db, const struct override_request *request, int64_t now_s)
{
	int64_t id;

	CHANGE(db, override_add(db, request, now_s, &id, &why));
	return id;
}

static enum override_state state_of(struct db *db, int64_t id, int64_t at_s)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct override row;

	WORKS(override_find(db, id, at_s, &arena, &row, &why));
	return row.state;
}

static enum err count_row(void *state, const struct override *row, struct why *why)
{
	(void)why;
	assert_true(row->state == OVERRIDE_IN_FORCE);
	++*(size_t *)state;
	return OK;
}

static size_t in_force(struct db *db, int64_t at_s)
{
	size_t n = 0;

	WORKS(override_in_force(db, at_s, count_row, &n, &why));
	return n;
}

static void test_second_reason(void **state)
{
	static const struct {
		const char *indicator;
		bool is_allow;
		bool hits_critical;
		bool needs_second;
	} rows[] = {
		{ "192.0.2.1", true, false, false },
		{ "192.0.2.1", true, true, true },
		{ "192.0.2.1", false, true, false },
		{ "10.0.0.0/20", false, false, false },
		{ "10.0.0.0/19", false, false, true },
		{ "10.0.0.0/19", true, false, true },
		{ "0.0.0.0/0", false, false, true },
		{ "2001:db8::/32", false, false, false },
		{ "2001:db8::/31", false, false, true },
		{ "::/80", true, false, true },
		{ "example.org", true, false, false },
		{ "*.example.org", true, false, false },
		{ "*.pk", true, false, true },
		{ "http://example.org/a", false, false, false },
	};
	CLEANUP(arena_done) struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct override_request request =
			request_of(&arena, rows[i].indicator, rows[i].is_allow);

		request.hits_critical = rows[i].hits_critical;
		if ((override_second_reason(&request).n != 0) != rows[i].needs_second)
			fail_msg("%s", rows[i].indicator);
	}
}

static void test_life(void **state)
{
	CLEANUP(db_close) struct db *db = decisions(state);
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct override_request request = request_of(&arena, "192.0.2.7", true);
	int64_t id = add(db, &request, NOW);
	struct override row;

	WORKS(override_find(db, id, NOW, &arena, &row, &why));
	assert_true(row.is_allow);
	assert_true(str_eq(row.owner, request.owner));
	assert_true(str_eq(row.reason, request.reason));
	assert_true(str_eq(row.made_by, request.made_by));
	assert_int_equal(prefix_cmp(&row.indicator.prefix, &request.indicator.prefix), 0);
	assert_int_equal(row.starts_s, NOW);
	assert_int_equal(row.state, OVERRIDE_IN_FORCE);
	assert_int_equal(state_of(db, id, NOW + 7 * DAY_S - 1), OVERRIDE_IN_FORCE);
	assert_int_equal(state_of(db, id, NOW + 7 * DAY_S), OVERRIDE_ENDED);
	assert_int_equal(in_force(db, NOW - 1), 0);
	assert_int_equal(in_force(db, NOW), 1);

	CHANGE(db, override_revoke(db, id, STR("uid:0"), NOW + 60, &why));
	assert_int_equal(state_of(db, id, NOW + 59), OVERRIDE_IN_FORCE);
	assert_int_equal(state_of(db, id, NOW + 60), OVERRIDE_REVOKED);
	assert_int_equal(in_force(db, NOW + 59), 1);
	assert_int_equal(in_force(db, NOW + 60), 0);
	REFUSED(db, ERR_USAGE, override_revoke(db, id, STR("uid:0"), NOW + 61, &why));
	REFUSED(db, ERR_NOT_FOUND, override_revoke(db, 99, STR("uid:0"), NOW + 61, &why));
	REFUSED(db, ERR_NOT_FOUND, override_decide(db, 99, true, STR("uid:0"), NOW, &why));
}

static void test_two_persons(void **state)
{
	CLEANUP(db_close) struct db *db = decisions(state);
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct override_request request = request_of(&arena, "192.0.0.0/16", false);
	int64_t approved = add(db, &request, NOW);
	int64_t refused = add(db, &request, NOW);
	struct override row;

	assert_int_equal(in_force(db, NOW), 0);
	REFUSED(db, ERR_DENIED,
		override_decide(db, approved, true, request.made_by, NOW + 1, &why));
	REFUSED(db, ERR_DENIED,
		override_decide(db, approved, false, request.made_by, NOW + 1, &why));
	CHANGE(db, override_decide(db, refused, false, STR("uid:7"), NOW + 5, &why));
	CHANGE(db, override_decide(db, approved, true, STR("uid:7"), NOW + 9, &why));
	WORKS(override_find(db, approved, NOW + 9, &arena, &row, &why));
	assert_int_equal(row.state, OVERRIDE_IN_FORCE);
	assert_int_equal(row.starts_s, NOW + 9);
	assert_true(str_eq(row.decided_by, STR("uid:7")));
	assert_true(row.second_reason.n != 0);
	assert_int_equal(state_of(db, approved, NOW + 8), OVERRIDE_WAITING);
	assert_int_equal(state_of(db, refused, NOW + 4), OVERRIDE_WAITING);
	assert_int_equal(state_of(db, refused, NOW + 5), OVERRIDE_REFUSED);
	assert_int_equal(state_of(db, refused, NOW + 8 * DAY_S), OVERRIDE_REFUSED);
	REFUSED(db, ERR_USAGE, override_decide(db, approved, true, STR("uid:7"), NOW + 9, &why));
	REFUSED(db, ERR_USAGE, override_decide(db, refused, true, STR("uid:7"), NOW + 9, &why));
	assert_int_equal(in_force(db, NOW + 8), 0);
	assert_int_equal(in_force(db, NOW + 9), 1);
}

/* Nobody approves what has ended meanwhile; what waits can be withdrawn. */
static void test_waiting_ends(void **state)
{
	CLEANUP(db_close) struct db *db = decisions(state);
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct override_request request = request_of(&arena, "192.0.0.0/16", true);
	int64_t late = add(db, &request, NOW);
	int64_t withdrawn = add(db, &request, NOW);

	REFUSED(db, ERR_USAGE, override_decide(db, late, true, STR("uid:7"), request.ends_s, &why));
	CHANGE(db, override_revoke(db, withdrawn, request.made_by, NOW + 1, &why));
	REFUSED(db, ERR_USAGE, override_decide(db, withdrawn, true, STR("uid:7"), NOW + 2, &why));
	assert_int_equal(state_of(db, withdrawn, NOW + 2), OVERRIDE_REVOKED);
}

static void test_replaced(void **state)
{
	CLEANUP(db_close) struct db *db = decisions(state);
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct override_request block = request_of(&arena, "192.0.0.0/20", false);
	struct override_request allow = request_of(&arena, "192.0.0.0/20", true);
	int64_t first = add(db, &block, NOW);
	int64_t other_kind = add(db, &allow, NOW + 1);
	int64_t waits;

	assert_int_equal(in_force(db, NOW + 1), 2);
	allow.hits_critical = true;
	waits = add(db, &allow, NOW + 2);
	assert_int_equal(state_of(db, other_kind, NOW + 2), OVERRIDE_IN_FORCE);
	CHANGE(db, override_decide(db, waits, true, STR("uid:7"), NOW + 3, &why));
	assert_int_equal(state_of(db, other_kind, NOW + 3), OVERRIDE_REVOKED);
	assert_int_equal(state_of(db, waits, NOW + 3), OVERRIDE_IN_FORCE);
	assert_int_equal(state_of(db, first, NOW + 3), OVERRIDE_IN_FORCE);
	(void)add(db, &block, NOW + 4);
	assert_int_equal(state_of(db, first, NOW + 4), OVERRIDE_REVOKED);
	assert_int_equal(in_force(db, NOW + 4), 2);
}

static void refused_text(struct db *db, struct override_request request)
{
	int64_t id;

	REFUSED(db, ERR_USAGE, override_add(db, &request, NOW, &id, &why));
}

static void test_refusals(void **state)
{
	static const struct str bad[] = { STR_INIT(""), STR_INIT(" \n"), STR_INIT("a\xff"),
		STR_INIT("a\xed\xa0\x80"), STR_INIT("a\0b"), STR_INIT("\x1b[2J") };
	static char long_text[OVERRIDE_REASON_MAX + 1];
	CLEANUP(db_close) struct db *db = decisions(state);
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct override_request good = request_of(&arena, "192.0.2.7", true);
	struct override_request request;

	memset(long_text, 'a', sizeof long_text);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		request = good;
		request.owner = bad[i];
		refused_text(db, request);
		request = good;
		request.reason = bad[i];
		refused_text(db, request);
	}
	request = good;
	request.owner = str_from(long_text, OVERRIDE_OWNER_MAX + 1);
	refused_text(db, request);
	request = good;
	request.reason = str_from(long_text, sizeof long_text);
	refused_text(db, request);
	request = good;
	request.ends_s = NOW;
	refused_text(db, request);
	request.ends_s = NOW + (int64_t)OVERRIDE_DAYS_MAX * DAY_S + 1;
	refused_text(db, request);
	request = good;
	request.indicator = (struct indicator){ .kind = INDICATOR_HASH, .text = STR("abcd") };
	refused_text(db, request);
	request.indicator = (struct indicator){ .kind = INDICATOR_PATTERN,
		.match = PATTERN_STRING,
		.subjects = PATTERN_OF_NAMES,
		.text = STR("a") };
	refused_text(db, request);
	assert_int_equal(number(db, "SELECT count(*) FROM override"), 0);
	request = good;
	request.reason = STR("اردو میں وجہ\nline two");
	request.ends_s = NOW + (int64_t)OVERRIDE_DAYS_MAX * DAY_S;
	(void)add(db, &request, NOW);
}

struct page {
	int64_t ids[8];
	size_t n;
};

static enum err page_row(void *state, const struct override *row, struct why *why)
{
	struct page *page = state;

	(void)why;
	page->ids[page->n++] = row->id;
	return OK;
}

static void test_list(void **state)
{
	CLEANUP(db_close) struct db *db = decisions(state);
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct override_request one = request_of(&arena, "*.example.org", true);
	struct override_request two = request_of(&arena, "http://example.org/x", false);
	struct page page = { .n = 0 };
	int64_t change;

	WORKS(override_next_change(db, NOW, &change, &why));
	assert_int_equal(change, 0);
	two.ends_s = NOW + 5;
	(void)add(db, &one, NOW);
	(void)add(db, &two, NOW);
	(void)add(db, &one, NOW + 1);
	WORKS(override_list(db, NOW, 0, 2, page_row, &page, &why));
	assert_int_equal(page.n, 2);
	assert_int_equal(page.ids[0], 3);
	WORKS(override_list(db, NOW, page.ids[1], 2, page_row, &page, &why));
	assert_int_equal(page.n, 3);
	assert_int_equal(page.ids[2], 1);
	WORKS(override_next_change(db, NOW + 1, &change, &why));
	assert_int_equal(change, NOW + 5);
	WORKS(override_next_change(db, NOW + 5, &change, &why));
	assert_int_equal(change, one.ends_s);
}

static void changes_are(struct db *db, int64_t after_s, int64_t until_s, size_t n)
{
	struct page page = { .n = 0 };

	WORKS(override_changes(db, after_s, until_s, page_row, &page, &why));
	assert_int_equal(page.n, n);
}

static void test_changes(void **state)
{
	CLEANUP(db_close) struct db *db = decisions(state);
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct override_request one = request_of(&arena, "192.0.2.1", true);
	struct override_request wide = request_of(&arena, "192.0.0.0/16", true);
	int64_t id = add(db, &one, NOW);

	wide.ends_s = NOW + 100;
	(void)add(db, &wide, NOW + 1);
	changes_are(db, NOW - 1, NOW, 1);
	changes_are(db, NOW, NOW + 99, 0);
	/* it ended without having been approved */
	changes_are(db, NOW + 99, NOW + 100, 1);
	CHANGE(db, override_revoke(db, id, STR("uid:0"), NOW + 50, &why));
	changes_are(db, NOW + 49, NOW + 50, 1);
	changes_are(db, NOW + 49, NOW + 100, 2);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second_reason),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_two_persons),
		cmocka_unit_test(test_waiting_ends),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_changes),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
