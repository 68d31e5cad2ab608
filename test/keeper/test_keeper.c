/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeper without its loop: a report changes the live snapshot exactly as a new build would, and
 * every command passes the one permission check and leaves its trace.
 */
#include "prop.h"

#include "keeper/keeper_fixture.h"

#include "keeper/live.h"
#include "snapshot/open.h"
#include "store/audit.h"

static const uint32_t SPACE = 0xc6336400; /* 198.51.100.0 */
static const char *const names[] = { "a.example", "www.a.example", "b.example", "c.example" };

static struct claim claim_about(const struct ipaddr *ip)
{
	return (struct claim){ .indicator = { .kind = INDICATOR_IP, .prefix = prefix_host(ip) },
		.role = ROLE_SOURCE,
		.category = CATEGORY_SCANNER,
		.confidence = CONFIDENCE_UNKNOWN,
		.count = 1,
		.reference = STR("") };
}

static struct claim random_claim(struct prop *prop)
{
	struct ipaddr v4 = ip_from_u32(SPACE + (uint32_t)prop_below(prop, 64));
	struct ipaddr v6 = { { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, (uint8_t)prop_below(prop, 8) } };
	struct claim claim;

	v6.bytes[15] = (uint8_t)prop_below(prop, 3);
	claim = claim_about(prop_below(prop, 4) == 0 ? &v6 : &v4);
	claim.role = (enum role)prop_below(prop, ROLE_COUNT);
	claim.category = (enum category)(1 + prop_below(prop, 20));
	if (prop_below(prop, 4) == 0)
		claim.indicator = (struct indicator){ .kind = INDICATOR_NAME,
			.text = str_c(names[prop_below(prop, ARRAY_LEN(names) - 1)]) };
	return claim;
}

static void same(const struct pehra *live, pehra_id a, const struct pehra *built, pehra_id b)
{
	const struct pehra_verdict *left = pehra_verdict(live, a);
	const struct pehra_verdict *right = pehra_verdict(built, b);

	assert_int_equal(left == NULL, right == NULL);
	if (left == NULL || right == NULL)
		return;
	assert_memory_equal(left->score, right->score, sizeof left->score);
	assert_int_equal(left->action, right->action);
	assert_true(left->categories == right->categories);
	assert_int_equal(left->source_count, right->source_count);
}

static void compare(const struct place *place)
{
	struct pehra *live = place_open(place, SNAPSHOT_LIVE);
	struct pehra *built = place_open(place, SNAPSHOT_GENERATION);

	for (uint32_t i = 0; i < 256; i++) {
		struct ipaddr v6 = { { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, (uint8_t)(i % 16) } };

		v6.bytes[15] = 9;
		same(live, pehra_ipv4(live, SPACE + i), built, pehra_ipv4(built, SPACE + i));
		same(live, pehra_ip(live, v6.bytes), built, pehra_ip(built, v6.bytes));
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		same(live, pehra_name(live, names[i], strlen(names[i])), built,
			pehra_name(built, names[i], strlen(names[i])));
	pehra_close(live);
	pehra_close(built);
}

/* What is said of an address moves its neighbours' scores a little: that waits for a new build. */
static void neighbours_forget(struct keeper *keeper)
{
	for (int role = 0; role < ROLE_COUNT; role++) {
		struct score_role_model *model = &keeper->scoring.model.score.roles[role];

		memset(model->near_any, 0, sizeof model->near_any);
		memset(model->near_each, 0, sizeof model->near_each);
	}
}

/* Some claims are built in, the others reported live; then everything is built anew. */
static void test_live_equals_build(void **state)
{
	static const char *const sources[] = { "sensor-a", "sensor-b", "sensor-c", "list-d" };
	struct place *place = *state;
	struct prop prop = { prop_env("PEHRA_SEED", 5) };
	struct why why = { 0 };
	bool is_anew;

	neighbours_forget(place->keeper);
	for (int i = 0; i < 120; i++) {
		struct claim claim = random_claim(&prop);
		CLEANUP(buf_done) struct buf key = { 0 };

		place_import(place, sources[prop_below(&prop, ARRAY_LEN(sources))], &claim);
		if (i == 40) {
			place_build(place);
			assert_int_equal(live_reopen(place->keeper, &is_anew, &why), OK);
		}
		if (i <= 40)
			continue;
		indicator_key(&key, &claim.indicator);
		if (live_apply(place->keeper, buf_view(&key), &why) != OK)
			fail_msg("%s", why.text);
		/* a keeper that starts again goes on with what was shown */
		if (i % 20 == 0) {
			assert_int_equal(live_reopen(place->keeper, &is_anew, &why), OK);
			assert_false(is_anew);
		}
	}
	place_build(place);
	compare(place);
	assert_int_equal(live_reopen(place->keeper, &is_anew, &why), OK);
	assert_true(is_anew);
}

/* What holds others cannot be shown at once, and says so. */
static void test_wide_waits(void **state)
{
	struct place *place = *state;
	struct ipaddr ip = ip_from_u32(SPACE);
	struct claim claim = claim_about(&ip);
	CLEANUP(buf_done) struct buf key = { 0 };
	struct why why = { 0 };
	bool is_anew;

	place_build(place);
	assert_int_equal(live_reopen(place->keeper, &is_anew, &why), OK);
	claim.indicator.prefix = prefix_around(&ip, 120);
	place_import(place, "sensor-a", &claim);
	indicator_key(&key, &claim.indicator);
	assert_int_equal(live_apply(place->keeper, buf_view(&key), &why), ERR_FULL);
}

static enum err count_refused(void *state, const struct audit_entry *entry, struct why *why)
{
	uint64_t *refused = state;

	(void)why;
	*refused += str_eq(entry->detail, STR("refused"));
	return OK;
}

static void expect_claims(struct place *place, int64_t expected)
{
	CLEANUP(db_finish) struct db_statement *count = NULL;
	struct why why = { 0 };
	bool row;

	assert_int_equal(
		db_prepare(place->keeper->db, "SELECT count(*) FROM evidence", &count, &why), OK);
	assert_int_equal(db_step(count, &row, &why), OK);
	assert_int_equal(db_column_i64(count, 0), expected);
}

static void test_permission(void **state)
{
	static const char report[] =
		"{\"command\":\"report\",\"arguments\":{\"indicator\":\"198.51.100.7\","
		"\"source\":\"sensor-a\",\"category\":\"scanner\"}}";
	struct place *place = *state;
	CLEANUP(buf_done) struct buf answer = { 0 };
	uint8_t head[AUDIT_HASH_BYTES];
	struct db *db = place->keeper->db;
	uint64_t refused = 0;
	uint64_t count;
	struct why why = { 0 };

	place_execute(place, TOKEN_READ, report, &answer);
	assert_non_null(strstr(buf_c(&answer), "\"denied\""));
	expect_claims(place, 0);
	place_execute(place, TOKEN_REPORT, report, &answer);
	assert_non_null(strstr(buf_c(&answer), "\"kept\":true"));
	place_execute(place, TOKEN_ADMIN, report, &answer);
	assert_non_null(strstr(buf_c(&answer), "\"kept\":true"));
	expect_claims(place, 1);
	assert_int_equal(audit_verify(db, &count, head, &why), OK);
	assert_int_equal(count, 3);
	assert_int_equal(audit_read(db, 0, UINT32_MAX, count_refused, &refused, &why), OK);
	assert_int_equal(refused, 1);
}

#define REPORT(members) "{\"command\":\"report\",\"arguments\":{" members "}}"
#define ABOUT           "\"indicator\":\"198.51.100.7\","

static void test_bad_commands(void **state)
{
	static const char *const bad[] = { "", "[]", "{}", "{\"command\":7}",
		"{\"command\":\"nothing\"}", "{\"command\":\"report\"}",
		REPORT("\"indicator\":\"no address!\""),
		REPORT(ABOUT "\"source\":\"A b\",\"category\":\"scanner\""),
		REPORT(ABOUT "\"source\":\"s\",\"category\":\"nonsense\""),
		REPORT(ABOUT "\"source\":\"s\",\"category\":\"scanner\",\"confidence\":101"),
		"{\"command\":\"token.add\",\"arguments\":{\"owner\":7}}",
		"{\"command\":\"feed.run\",\"arguments\":{\"name\":\"no-such-feed\"}}" };
	struct place *place = *state;
	CLEANUP(buf_done) struct buf answer = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		place_execute(place, TOKEN_PERMISSIONS_ALL, bad[i], &answer);
		if (strstr(buf_c(&answer), "\"ok\":false") == NULL ||
			strstr(buf_c(&answer), "\"why\":\"") == NULL)
			fail_msg("%s was answered with %s", bad[i], buf_c(&answer));
	}
}

/* Every command names its permission, and no two have one name. */
static void test_table(void **state)
{
	const struct command *commands;
	size_t n = command_table(&commands);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_true(commands[i].permission != 0);
		assert_true(commands[i].summary[0] != '\0');
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(commands[i].name, commands[j].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_live_equals_build, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_wide_waits, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_permission, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_bad_commands, place_set_up, place_tear_down),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
