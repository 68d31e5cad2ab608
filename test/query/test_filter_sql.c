/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two meanings of a filter agree: the store's condition and the predicate, on both drivers. */
#include "store/fixture.h"

#include "base/clock.h"
#include "evidence/indicator.h"
#include "evidence/taxonomy.h"
#include "query/filter_sql.h"

#define NOW INT64_C(1795381200)

enum { ROWS = 60, FIELD_SCORE = 0, FIELD_SEEN, FIELD_CATEGORY, FIELD_NOTE, FIELD_NET, FIELDS };

static bool category_word(struct str word, int64_t *out)
{
	enum category category;

	if (!category_parse(word, &category))
		return false;
	*out = category;
	return true;
}

static const struct filter_field rows[FIELDS] = {
	[FIELD_SCORE] = { "score", FILTER_NUMBER, NULL, NULL, "s.score", "", "" },
	[FIELD_SEEN] = { "seen", FILTER_TIME, NULL, NULL, "s.seen", "", "" },
	[FIELD_CATEGORY] = { "cat", FILTER_WORD, category_word, "a category",
		"EXISTS (SELECT 1 FROM claim c WHERE c.sample = s.id AND c.category", ")", "" },
	[FIELD_NOTE] = { "note", FILTER_PART, NULL, NULL, "s.note", "", "" },
	[FIELD_NET] = { "net", FILTER_WITHIN, NULL, NULL, "s.net", "", "" },
};
static const struct filter_fields fields = { rows, FIELDS, FIELD_NET };

struct sample {
	int64_t score;
	int64_t seen_s;
	int64_t categories[3];
	size_t category_count;
	char note[8];
	char key[24];
	size_t key_length;
};

static bool sample_value(
	const void *row, const struct filter_field *field, size_t i, struct filter_value *out)
{
	const struct sample *sample = row;
	size_t which = (size_t)(field - rows);

	if (i >= (which == FIELD_CATEGORY ? sample->category_count : 1))
		return false;
	if (which == FIELD_CATEGORY)
		out->low = sample->categories[i];
	else
		out->low = which == FIELD_SCORE ? sample->score : sample->seen_s;
	out->text_low = which == FIELD_NOTE ? str_c(sample->note)
					    : str_from(sample->key, sample->key_length);
	return true;
}

static void make_sample(struct prop *prop, struct sample *out)
{
	static const char letters[] = "aAbB%_\\";
	CLEANUP(buf_done) struct buf key = { 0 };
	struct indicator indicator = { .kind = INDICATOR_IP };
	struct ipaddr ip = ip_from_u32(0xc0000200 + (uint32_t)prop_below(prop, 16));

	*out = (struct sample){ .score = (int64_t)prop_below(prop, 5),
		.seen_s = NOW - (int64_t)prop_below(prop, 5) * HOUR_S,
		.category_count = prop_below(prop, 4) };
	for (size_t i = 0; i < out->category_count; i++)
		out->categories[i] = CATEGORY_SPAM + (int64_t)prop_below(prop, 3);
	for (size_t i = 0; i < prop_below(prop, 6); i++)
		out->note[i] = letters[prop_below(prop, sizeof letters - 1)];
	indicator.prefix = prefix_around(&ip, (uint8_t)(122 + prop_below(prop, 7)));
	indicator_key(&key, &indicator);
	memcpy(out->key, key.data, key.n);
	out->key_length = key.n;
}

static void store_sample(struct db *db, int64_t id, const struct sample *sample)
{
	CLEANUP(db_finish) struct db_statement *insert = NULL;
	CLEANUP(db_finish) struct db_statement *claim = NULL;

	WORKS(db_prepare(db, "INSERT INTO sample VALUES ($1, $2, $3, $4, $5)", &insert, &why));
	db_bind_i64(insert, 1, id);
	db_bind_i64(insert, 2, sample->score);
	db_bind_i64(insert, 3, sample->seen_s);
	db_bind_text(insert, 4, str_c(sample->note));
	db_bind_bytes(insert, 5, str_from(sample->key, sample->key_length));
	WORKS(db_run(insert, NULL, &why));
	WORKS(db_prepare(db, "INSERT INTO claim VALUES ($1, $2)", &claim, &why));
	for (size_t i = 0; i < sample->category_count; i++) {
		db_reset(claim);
		db_bind_i64(claim, 1, id);
		db_bind_i64(claim, 2, sample->categories[i]);
		WORKS(db_run(claim, NULL, &why));
	}
}

static void random_term(struct prop *prop, struct buf *out)
{
	static const char *const comparisons[] = { ":", "!=", "<", "<=", ">", ">=" };
	static const char *const words[] = { "spam", "harmful-speech", "violence" };
	static const char *const parts[] = { "a", "B", "%", "_", "\\\\", "ab" };

	buf_str(out, prop_below(prop, 3) == 0 ? STR("-") : STR(""));
	switch (prop_below(prop, FIELDS)) {
	case FIELD_SCORE:
		buf_fmt(out, "score%s%u", comparisons[prop_below(prop, 6)],
			(unsigned)prop_below(prop, 5));
		break;
	case FIELD_SEEN:
		buf_fmt(out, "seen%s%uh", comparisons[2 + prop_below(prop, 4)],
			(unsigned)prop_below(prop, 5));
		break;
	case FIELD_CATEGORY:
		buf_fmt(out, "cat:%s|%s", words[prop_below(prop, 3)], words[prop_below(prop, 3)]);
		break;
	case FIELD_NOTE:
		buf_fmt(out, "note:\"%s\"", parts[prop_below(prop, 6)]);
		break;
	default:
		buf_fmt(out, "net:192.0.2.%u/%u", (unsigned)prop_below(prop, 4) * 4, 30U);
		break;
	}
	buf_byte(out, ' ');
}

/* Does the store find exactly the samples that the predicate holds for? */
static void check_filter(struct db *db, const struct sample *samples, struct str text)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(sql_done) struct sql sql = { 0 };
	CLEANUP(db_finish) struct db_statement *select = NULL;
	bool found[ROWS] = { false };
	struct filter filter;
	bool row;

	WORKS(filter_parse(text, &fields, NOW, &arena, &filter, NULL, &why));
	buf_str(&sql.text, STR("SELECT s.id FROM sample s WHERE "));
	filter_to_sql(&filter, &arena, &sql);
	WORKS(db_prepare_once(db, buf_view(&sql.text), &select, &why));
	sql_bind(&sql, select);
	WORKS(db_step(select, &row, &why));
	while (row) {
		found[db_column_i64(select, 0)] = true;
		WORKS(db_step(select, &row, &why));
	}
	for (size_t i = 0; i < ROWS; i++) {
		struct filter_row one = { sample_value, &samples[i] };

		if (filter_matches(&filter, &one) != found[i])
			fail_msg("%.*s: sample %zu differs (%s)", STR_FMT(text), i,
				buf_c(&sql.text));
	}
}

static void test_agreement(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	struct prop prop = { prop_env("PEHRA_SEED", 1) };
	struct sample samples[ROWS];

	run(db, "CREATE TABLE sample (id BIGINT PRIMARY KEY, score BIGINT, seen BIGINT, note TEXT, "
		"net BYTEA); CREATE TABLE claim (sample BIGINT, category BIGINT)");
	WORKS(db_begin(db, &why));
	for (size_t i = 0; i < ROWS; i++) {
		make_sample(&prop, &samples[i]);
		store_sample(db, (int64_t)i, &samples[i]);
	}
	WORKS(db_commit(db, &why));
	check_filter(db, samples, STR(""));
	for (size_t i = 0; i < prop_env("PEHRA_CASES", 400); i++) {
		CLEANUP(buf_done) struct buf text = { 0 };

		for (size_t k = 0; k <= prop_below(&prop, 3); k++)
			random_term(&prop, &text);
		check_filter(db, samples, buf_view(&text));
	}
}

/* Statements put together at run time leave nothing behind, even left in the middle. */
static void test_once(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	bool row;

	run(db, "CREATE TABLE one (n BIGINT); INSERT INTO one VALUES (1), (2), (3)");
	for (int64_t i = 0; i < 200; i++) {
		CLEANUP(db_finish) struct db_statement *outer = NULL;
		CLEANUP(db_finish) struct db_statement *inner = NULL;

		WORKS(db_prepare_once(db, STR("SELECT n FROM one ORDER BY n"), &outer, &why));
		WORKS(db_step(outer, &row, &why));
		assert_true(row);
		WORKS(db_prepare_once(db, STR("SELECT n + $1 FROM one ORDER BY n"), &inner, &why));
		db_bind_i64(inner, 1, i);
		WORKS(db_step(inner, &row, &why));
		assert_int_equal(db_column_i64(inner, 0), 1 + i);
		db_finish(&inner);
		WORKS(db_step(outer, &row, &why));
		assert_int_equal(db_column_i64(outer, 0), 2);
	}
	assert_int_equal(number(db, "SELECT count(*) FROM one"), 3);

	struct db_statement *bad = NULL;

	FAILS(ERR_STORE, db_prepare_once(db, STR("SELECT nonsense FROM one"), &bad, &why));
	assert_null(bad);
	assert_int_equal(number(db, "SELECT max(n) FROM one"), 3);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agreement),
		cmocka_unit_test(test_once),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
