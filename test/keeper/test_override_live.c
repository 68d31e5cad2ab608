/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Overrides in the live copy equal those of a build, whatever is allowed, blocked and revoked
 * within what; who may decide; and what the clock ends.
 */
#include "keeper/keeper_fixture.h"

#include "base/clock.h"
#include "decision/override.h"
#include "decision/pending.h"
#include "keeper/override_live.h"
#include "snapshot/open.h"

#include <unistd.h>

#define COMMAND(name, members) "{\"command\":\"" name "\",\"arguments\":{" members "}}"
#define ADD(indicator, kind, days)                                                 \
	COMMAND("override.add", "\"indicator\":\"" indicator "\",\"kind\":\"" kind \
				"\",\"owner\":\"soc\",\"reason\":\"case 7\",\"days\":" days)

static void says(struct buf *answer, const char *words)
{
	if (strstr(buf_c(answer), words) == NULL)
		fail_msg("'%s' is not in %s", words, buf_c(answer));
}

static void acts(struct place *place, const char *actor, const char *text, const char *words,
	struct buf *answer)
{
	place_act(place, actor, text, answer);
	says(answer, words);
}

/* ---- live equals a build ---- */

/* One address in each /24, so that nobody has neighbours whose claims an allow would take away. */
enum { NETS = 16, OVERRIDES = 40 };
static const uint32_t SPACE = 0x19030000; /* 25.3.0.0 */
static const char *const names[] = { "a.example", "b.a.example", "c.b.a.example", "d.example",
	"example" };

static void claim_all(struct place *place, struct prop *prop)
{
	static const char *const sources[] = { "one", "two", "three" };

	for (uint32_t i = 0; i < NETS * 6; i++) {
		struct ipaddr v4 = ip_from_u32(SPACE + (i % NETS) * 256 + 7);
		struct ipaddr v6 = { { 0x2a, 0x00, 0, 1, (uint8_t)(i % NETS) } };
		uint64_t kind = prop_below(prop, 3);
		struct claim claim = { .role = ROLE_SOURCE,
			.category = CATEGORY_SCANNER,
			.confidence = CONFIDENCE_UNKNOWN,
			.count = 1,
			.indicator = { .kind = INDICATOR_IP,
				.prefix = prefix_host(kind == 0 ? &v6 : &v4) } };

		if (kind == 2)
			claim.indicator = (struct indicator){ .kind = INDICATOR_NAME,
				.below = prop_below(prop, 4) == 0,
				.text = str_c(names[prop_below(prop, ARRAY_LEN(names) - 1)]) };
		place_import(place, sources[prop_below(prop, ARRAY_LEN(sources))], &claim);
	}
}

static void random_place(struct prop *prop, struct buf *out)
{
	static const unsigned widths[] = { 20, 21, 22, 23, 24, 25, 29, 31, 32 };
	static const unsigned lengths[] = { 64, 128 }; /* others wait for a build */
	uint64_t kind = prop_below(prop, 4);
	struct ipaddr v4 = ip_from_u32(SPACE + (uint32_t)prop_below(prop, NETS) * 256 + 7);
	struct ipaddr v6 = { { 0x2a, 0x00, 0, 1, (uint8_t)prop_below(prop, NETS) } };
	struct prefix prefix;

	if (kind == 0) {
		buf_fmt(out, "%s%s", prop_below(prop, 2) == 0 ? "*." : "",
			names[prop_below(prop, ARRAY_LEN(names) - 1)]);
		return;
	}
	prefix = kind == 1 ? prefix_around(
				     &v6, (uint8_t)lengths[prop_below(prop, ARRAY_LEN(lengths))])
			   : prefix_around(
				     &v4, (uint8_t)(IPV4_OFFSET +
						    widths[prop_below(prop, ARRAY_LEN(widths))]));
	prefix_format(out, &prefix);
}

/* Allows, blocks, or revokes what was allowed or blocked before. */
static void random_step(struct place *place, struct prop *prop, int64_t last)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf where = { 0 };
	CLEANUP(buf_done) struct buf answer = { 0 };

	if (last > 0 && prop_below(prop, 3) == 0) {
		buf_fmt(&text, COMMAND("override.revoke", "\"id\":%lld"),
			1 + (long long)prop_below(prop, (uint64_t)last));
		place_act(place, "ann", buf_c(&text), &answer);
		return;
	}
	random_place(prop, &where);
	buf_fmt(&text,
		COMMAND("override.add", "\"indicator\":\"%s\",\"kind\":\"%s\",\"owner\":\"soc\","
					"\"reason\":\"x\",\"days\":7"),
		buf_c(&where), prop_below(prop, 2) == 0 ? "allow" : "block");
	place_act(place, "ann", buf_c(&text), &answer);
	says(&answer, "\"shown\":true");
}

static void same(const struct pehra *live, pehra_id a, const struct pehra *built, pehra_id b,
	const char *what, unsigned n)
{
	const struct pehra_verdict *left = pehra_verdict(live, a);
	const struct pehra_verdict *right = pehra_verdict(built, b);

	if ((left == NULL ? PEHRA_NONE : left->action) !=
		(right == NULL ? PEHRA_NONE : right->action))
		fail_msg("%s %u: live says %d, a build says %d", what, n,
			left == NULL ? -1 : left->action, right == NULL ? -1 : right->action);
	if (left != NULL && right != NULL)
		assert_memory_equal(left->score, right->score, sizeof left->score);
}

static void compare(const struct place *place)
{
	struct pehra *live = place_open(place, SNAPSHOT_LIVE);
	struct pehra *built = place_open(place, SNAPSHOT_GENERATION);

	for (uint32_t i = 0; i < (NETS + 1) * 256; i++)
		same(live, pehra_ipv4(live, SPACE + i), built, pehra_ipv4(built, SPACE + i), "IPv4",
			i);
	for (unsigned i = 0; i < 2 * NETS; i++) {
		struct ipaddr v6 = { { 0x2a, 0x00, 0, 1, (uint8_t)(i / 2) } };

		v6.bytes[15] = (uint8_t)(i % 2);
		same(live, pehra_ip(live, v6.bytes), built, pehra_ip(built, v6.bytes), "IPv6", i);
	}
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		same(live, pehra_name(live, names[i], strlen(names[i])), built,
			pehra_name(built, names[i], strlen(names[i])), names[i], i);
	pehra_close(live);
	pehra_close(built);
}

static void test_live_equals_build(void **state)
{
	struct place *place = *state;
	struct prop prop = { prop_env("PEHRA_SEED", 3) };

	place_vouch(place, "one");
	place_vouch(place, "two");
	claim_all(place, &prop);
	place_show(place);
	for (int i = 0; i < OVERRIDES; i++) {
		random_step(place, &prop, i);
		while (override_live_turn(place->service))
			;
		if (i % 4 != 3)
			continue;
		/* the build leaves the live copy as it is */
		place_build(place);
		compare(place);
	}
}

/* ---- who decides ---- */

static void test_who(void **state)
{
	struct place *place = *state;
	CLEANUP(buf_done) struct buf answer = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };

	place_show(place);
	acts(place, "token:aaaaaaaaaaaa (ann)", ADD("25.4.0.0/16", "block", "7"), "waiting",
		&answer);
	acts(place, "token:bbbbbbbbbbbb (ann)", COMMAND("override.approve", "\"id\":1"), "denied",
		&answer);
	acts(place, "token:bbbbbbbbbbbb (ann)", COMMAND("pending.approve", "\"id\":1"), "denied",
		&answer);
	acts(place, "token:bbbbbbbbbbbb (annie)",
		COMMAND("pending.approve", "\"id\":1,\"note\":\"yes\""), "\"ok\":true", &answer);
	acts(place, "ann", ADD("8.8.8.8", "block", "7"), "public-resolvers", &answer);
	says(&answer, "\"denied\"");
	acts(place, "ann", ADD("8.8.8.8", "allow", "7"), "in-force", &answer);

	/* a reason that fills its room with letters of two bytes */
	buf_str(&text, STR("{\"command\":\"override.add\",\"arguments\":{\"indicator\":"
			   "\"25.5.0.0/16\",\"kind\":\"allow\",\"owner\":\"soc\",\"days\":1,"
			   "\"reason\":\"a"));
	for (int i = 0; i < 450; i++)
		buf_str(&text, STR("و"));
	buf_str(&text, STR("\"}}"));
	acts(place, "ann", buf_c(&text), "waiting", &answer);
}

/* A caller at the control socket who shows a token is its owner, and may what the token may. */
static void test_secret(void **state)
{
	struct place *place = *state;
	struct keeper *keeper = place->keeper;
	struct token_request request = { STR("bea"), TOKEN_DECIDE, TLP_CLEAR, 0 };
	char secret[TOKEN_TEXT_LENGTH + 1];
	CLEANUP(buf_done) struct buf answer = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct override row;
	struct why why = { 0 };

	assert_int_equal(token_add(keeper->db, &request, PLACE_NOW_S, secret, &why), OK);
	acts(place, "uid:0", ADD("25.4.0.0/16", "block", "7"), "waiting", &answer);
	buf_fmt(&text,
		"{\"command\":\"override.approve\",\"secret\":\"%s\",\"arguments\":{\"id\":1}}",
		secret);
	acts(place, "uid:0", buf_c(&text), "in-force", &answer);
	assert_int_equal(override_find(keeper->db, 1, PLACE_NOW_S, &arena, &row, &why), OK);
	assert_true(str_ends(row.decided_by, STR("(bea)")));
	buf_clear(&text);
	buf_fmt(&text,
		"{\"command\":\"token.revoke\",\"secret\":\"%s\",\"arguments\":{\"id\":"
		"\"%.*s\"}}",
		secret, TOKEN_ID_LENGTH, secret + 6);
	acts(place, "uid:0", buf_c(&text), "denied", &answer);
	secret[TOKEN_TEXT_LENGTH - 1] ^= 1;
	buf_clear(&text);
	buf_fmt(&text,
		"{\"command\":\"override.revoke\",\"secret\":\"%s\",\"arguments\":{\"id\":1}}",
		secret);
	acts(place, "uid:0", buf_c(&text), "denied", &answer);
}

/* ---- the clock ---- */

static const char *item_outcome(struct place *place, int64_t id, struct arena *arena)
{
	struct pending item;
	struct why why = { 0 };

	assert_int_equal(pending_find(place->keeper->db, id, arena, &item, &why), OK);
	return item.outcome.p;
}

static bool is_build_due(struct place *place)
{
	bool is_due = place->service->build_due_ns != 0;

	place->service->build_due_ns = 0;
	return is_due;
}

static void test_ends(void **state)
{
	static const uint32_t HOST = 0x19040007;
	struct place *place = *state;
	struct service *service = place->service;
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf answer = { 0 };

	place_show(place);
	overrides_since(service, PLACE_NOW_S - 1);
	acts(place, "ann", ADD("25.4.0.7", "block", "1"), "in-force", &answer);
	acts(place, "ann", ADD("25.4.0.0/16", "allow", "1"), "waiting", &answer);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, HOST), PEHRA_BLOCK);
	(void)is_build_due(place);
	place_clock_set(PLACE_NOW_S + DAY_S - 1);
	overrides_by_clock(service);
	assert_false(is_build_due(place));
	place_clock_set(PLACE_NOW_S + DAY_S);
	overrides_by_clock(service);
	assert_true(is_build_due(place));
	assert_string_equal(item_outcome(place, 1, &arena), "overtaken");
	place_show(place);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, HOST), PEHRA_NONE);
	overrides_by_clock(service);
	assert_false(is_build_due(place));
}

/* Kept in the store, and killed before it was shown. */
static void test_killed(void **state)
{
	struct place *place = *state;
	struct keeper *keeper = place->keeper;
	struct ipaddr ip = ip_from_u32(0x19040007);
	struct override_request request = { .indicator = { .kind = INDICATOR_IP,
						    .prefix = prefix_host(&ip) },
		.owner = STR("soc"),
		.reason = STR("x"),
		.ends_s = PLACE_NOW_S + DAY_S,
		.made_by = STR("ann") };
	struct why why = { 0 };
	int64_t id;

	place_show(place);
	overrides_since(place->service, PLACE_NOW_S - 1);
	assert_false(is_build_due(place));
	assert_int_equal(override_add(keeper->db, &request, PLACE_NOW_S, &id, &why), OK);
	overrides_since(place->service, PLACE_NOW_S - 1);
	assert_true(is_build_due(place));
	place_show(place);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, 0x19040007), PEHRA_BLOCK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_live_equals_build, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_who, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_secret, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_ends, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_killed, place_set_up, place_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
