/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queue of what waits for a person, on both drivers. */
#include "decision/decision_fixture.h"

#include "decision/pending.h"

static int64_t raise(struct db *db, enum pending_kind kind, const char *subject,
	const char *summary, int64_t now_s, bool expect_new)
{
	bool is_new;
	int64_t id;

	CHANGE(db, pending_raise(db, kind, str_c(subject), str_c(summary), STR("{\"a\":1}"), now_s,
			   &id, &is_new, &why));
	assert_int_equal(is_new, expect_new);
	return id;
}

static struct pending found(struct db *db, struct arena *arena, int64_t id)
{
	struct pending item;

	WORKS(pending_find(db, id, arena, &item, &why));
	return item;
}

static uint64_t open_count(struct db *db)
{
	uint64_t n;

	WORKS(pending_count(db, &n, &why));
	return n;
}

static void test_raised_once(void **state)
{
	CLEANUP(db_close) struct db *db = decisions(state);
	CLEANUP(arena_done) struct arena arena = { 0 };
	int64_t id = raise(db, PENDING_FEED, "drop", "it shrank", NOW, true);
	struct pending item;

	assert_int_equal(raise(db, PENDING_FEED, "drop", "it shrank more", NOW + 5, false), id);
	assert_int_not_equal(raise(db, PENDING_GUARD, "drop", "x", NOW, true), id);
	assert_int_equal(open_count(db), 2);
	item = found(db, &arena, id);
	assert_int_equal(item.kind, PENDING_FEED);
	assert_true(str_eq(item.summary, STR("it shrank more")));
	assert_true(str_eq(item.detail, STR("{\"a\":1}")));
	assert_int_equal(item.raised_s, NOW);
	assert_int_equal(item.refreshed_s, NOW + 5);
	assert_int_equal(item.closed_s, 0);
}

static void test_closed(void **state)
{
	CLEANUP(db_close) struct db *db = decisions(state);
	CLEANUP(arena_done) struct arena arena = { 0 };
	int64_t id = raise(db, PENDING_MODEL, "7", "it moves much", NOW, true);
	struct pending item;

	CHANGE(db, pending_close(db, id, "dismissed", STR("uid:7"), STR("no"), NOW + 3, &why));
	item = found(db, &arena, id);
	assert_int_equal(item.closed_s, NOW + 3);
	assert_true(str_eq(item.closed_by, STR("uid:7")));
	assert_true(str_eq(item.outcome, STR("dismissed")));
	assert_true(str_eq(item.note, STR("no")));
	REFUSED(db, ERR_USAGE,
		pending_close(db, id, "approved", STR("uid:7"), STR(""), NOW + 4, &why));
	REFUSED(db, ERR_NOT_FOUND,
		pending_close(db, 99, "approved", STR("uid:7"), STR(""), NOW + 4, &why));
	WORKS(pending_last(db, PENDING_MODEL, STR("7"), &arena, &item, &why));
	assert_int_equal(item.id, id);
	WORKS(pending_last(db, PENDING_MODEL, STR("8"), &arena, &item, &why));
	assert_int_equal(item.id, 0);
	/* the same matter comes up anew */
	assert_int_not_equal(raise(db, PENDING_MODEL, "7", "again", NOW + 9, true), id);
	CHANGE(db, pending_overtaken(db, PENDING_MODEL, STR("7"), NOW + 10, &why));
	CHANGE(db, pending_overtaken(db, PENDING_MODEL, STR("7"), NOW + 11, &why));
	CHANGE(db, pending_overtaken(db, PENDING_MODEL, STR("8"), NOW + 11, &why));
	item = found(db, &arena, id + 1);
	assert_int_equal(item.closed_s, NOW + 10);
	assert_true(str_eq(item.outcome, STR("overtaken")));
	assert_int_equal(open_count(db), 0);
}

struct page {
	int64_t ids[8];
	size_t n;
};

static enum err page_row(void *state, const struct pending *row, struct why *why)
{
	struct page *page = state;

	(void)why;
	page->ids[page->n++] = row->id;
	return OK;
}

static void lists(struct db *db, bool only_open, enum pending_kind kind, int64_t before,
	size_t limit, size_t n, const int64_t *ids)
{
	struct page page = { .n = 0 };

	WORKS(pending_list(db, only_open, kind, before, limit, page_row, &page, &why));
	assert_int_equal(page.n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(page.ids[i], ids[i]);
}

static void test_listed(void **state)
{
	CLEANUP(db_close) struct db *db = decisions(state);

	for (int64_t i = 1; i <= 4; i++) {
		char subject[2] = { (char)('0' + i), '\0' };

		(void)raise(db, i % 2 == 0 ? PENDING_FEED : PENDING_GUARD, subject, "s", NOW, true);
	}
	CHANGE(db, pending_close(db, 2, "approved", STR("uid:7"), STR(""), NOW, &why));
	lists(db, true, 0, 0, 9, 3, (int64_t[]){ 1, 3, 4 });
	lists(db, true, 0, 1, 1, 1, (int64_t[]){ 3 });
	lists(db, true, PENDING_FEED, 0, 9, 1, (int64_t[]){ 4 });
	lists(db, false, 0, 0, 9, 4, (int64_t[]){ 4, 3, 2, 1 });
	lists(db, false, 0, 3, 9, 2, (int64_t[]){ 2, 1 });
	lists(db, false, PENDING_GUARD, 0, 1, 1, (int64_t[]){ 3 });
}

static void test_refusals(void **state)
{
	static char long_text[PENDING_DETAIL_MAX + 1];
	CLEANUP(db_close) struct db *db = decisions(state);
	struct str text = str_from(long_text, sizeof long_text);
	struct str good = STR("{}");
	int64_t id;
	bool is_new;

	memset(long_text, 'a', sizeof long_text);
	REFUSED(db, ERR_USAGE,
		pending_raise(db, PENDING_FEED, STR(""), good, good, NOW, &id, &is_new, &why));
	REFUSED(db, ERR_USAGE,
		pending_raise(db, PENDING_FEED, str_first(text, PENDING_SUBJECT_MAX + 1), good,
			good, NOW, &id, &is_new, &why));
	REFUSED(db, ERR_USAGE,
		pending_raise(db, PENDING_FEED, good, str_first(text, PENDING_SUMMARY_MAX + 1),
			good, NOW, &id, &is_new, &why));
	REFUSED(db, ERR_USAGE,
		pending_raise(db, PENDING_FEED, good, good, text, NOW, &id, &is_new, &why));
	REFUSED(db, ERR_USAGE,
		pending_raise(db, PENDING_FEED, good, STR("\xff"), good, NOW, &id, &is_new, &why));
	assert_int_equal(open_count(db), 0);
}

static void test_words(void **state)
{
	enum pending_kind kind;

	(void)state;
	for (enum pending_kind i = PENDING_FEED; i < PENDING_KINDS; i++) {
		assert_true(pending_kind_parse(pending_kind_name(i), &kind));
		assert_int_equal(kind, i);
	}
	assert_false(pending_kind_parse(STR(""), &kind));
	assert_false(pending_kind_parse(STR("feeds"), &kind));
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raised_once),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_listed),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_words),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
