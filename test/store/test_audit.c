/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit trail: what is done to it afterwards is found, and where. */
#include "store/fixture.h"

#include "store/audit.h"

enum { ENTRIES = 20 };

static void append(struct db *db, const char *action, struct str detail)
{
	struct audit_entry entry = { .time_s = 1000,
		.actor = STR("uid:0"),
		.action = str_c(action),
		.subject = STR(""),
		.detail = detail };

	WORKS(db_begin(db, &why));
	WORKS(audit_append(db, &entry, &why));
	WORKS(db_commit(db, &why));
}

static struct db *trail(void **state)
{
	struct db *db = fresh(state);

	WORKS(db_migrate(db, audit_migrations, AUDIT_MIGRATIONS, 1, &why));
	for (int i = 0; i < ENTRIES; i++)
		append(db, i % 2 == 0 ? "feed.import" : "token.add", STR("{\"n\":1}"));
	return db;
}

static void holds(struct db *db, uint64_t expected)
{
	uint8_t head[AUDIT_HASH_BYTES];
	uint64_t count;

	WORKS(audit_verify(db, &count, head, &why));
	assert_int_equal(count, expected);
}

static void broken_at(struct db *db, uint64_t expected)
{
	uint8_t head[AUDIT_HASH_BYTES];
	uint64_t count;

	FAILS(ERR_CORRUPT, audit_verify(db, &count, head, &why));
	assert_int_equal(count, expected);
}

static void test_empty_and_whole(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	CLEANUP(db_close) struct db *full = trail(state);

	WORKS(db_migrate(db, audit_migrations, AUDIT_MIGRATIONS, 1, &why));
	holds(db, 0);
	holds(full, ENTRIES);
	/* bytes that no text may hold are mended, and the chain is of what is stored */
	append(full, "report", STR("\xff\0bad"));
	holds(full, ENTRIES + 1);
}

static void test_rolled_back(void **state)
{
	CLEANUP(db_close) struct db *db = trail(state);
	struct db *open = db;
	struct audit_entry entry = { .actor = STR("a"), .action = STR("b") };

	WORKS(db_begin(db, &why));
	WORKS(audit_append(db, &entry, &why));
	db_rollback_unless_done(&open);
	holds(db, ENTRIES);
	append(db, "next", STR(""));
	holds(db, ENTRIES + 1);
}

static const struct {
	const char *what;
	const char *sql;
	uint64_t at;
} tampering[] = {
	{ "detail", "UPDATE audit SET detail = '{\"n\":2}' WHERE sequence = 7", 7 },
	{ "time", "UPDATE audit SET time = time + 1 WHERE sequence = 1", 1 },
	{ "text moved between members",
		"UPDATE audit SET actor = 'uid:', action = '0feed.import' WHERE sequence = 5", 5 },
	{ "hash", "UPDATE audit SET hash = previous_hash WHERE sequence = 20", 20 },
	{ "dropped", "DELETE FROM audit WHERE sequence = 3", 3 },
	{ "dropped and closed up",
		"DELETE FROM audit WHERE sequence = 3;"
		"UPDATE audit SET sequence = -sequence WHERE sequence > 3;"
		"UPDATE audit SET sequence = -sequence - 1 WHERE sequence < 0",
		3 },
	{ "reordered",
		"UPDATE audit SET sequence = 100 WHERE sequence = 9;"
		"UPDATE audit SET sequence = 9 WHERE sequence = 10;"
		"UPDATE audit SET sequence = 10 WHERE sequence = 100",
		9 },
	{ "first dropped", "DELETE FROM audit WHERE sequence = 1", 1 },
	{ "cut off", "DELETE FROM audit WHERE sequence > 15", 16 },
	{ "all cut off", "DELETE FROM audit", 1 },
	{ "head moved back", "UPDATE audit_head SET sequence = 15", 20 },
	{ "head of another",
		"UPDATE audit_head SET hash = (SELECT hash FROM audit WHERE sequence = 4)", 20 },
	{ "inserted",
		"INSERT INTO audit SELECT 21, time, actor, action, subject, detail, hash, hash "
		"FROM audit WHERE sequence = 20",
		21 },
};

static void test_tampering(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(tampering); i++) {
		CLEANUP(db_close) struct db *db = trail(state);

		print_message("%s\n", tampering[i].what);
		holds(db, ENTRIES);
		run(db, tampering[i].sql);
		broken_at(db, tampering[i].at);
	}
}

static enum err count_entry(void *state, const struct audit_entry *entry, struct why *why)
{
	int64_t *last = state;

	(void)why;
	assert_int_equal(entry->sequence, *last + 1);
	assert_true(str_eq(entry->actor, STR("uid:0")));
	*last = entry->sequence;
	return OK;
}

static void test_read(void **state)
{
	CLEANUP(db_close) struct db *db = trail(state);
	int64_t last = 5;

	WORKS(audit_read(db, 5, 10, count_entry, &last, &why));
	assert_int_equal(last, 15);
	WORKS(audit_read(db, 15, UINT64_MAX, count_entry, &last, &why));
	assert_int_equal(last, ENTRIES);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_and_whole),
		cmocka_unit_test(test_rolled_back),
		cmocka_unit_test(test_tampering),
		cmocka_unit_test(test_read),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
