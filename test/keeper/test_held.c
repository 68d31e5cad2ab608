/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Imports with a parser that runs here: guards refuse rows and reports, lists that look like a
 * mistake are held, and what a person then decides comes about, over restarts too.
 */
#include "keeper/keeper_fixture.h"

#include "base/clock.h"
#include "base/io.h"
#include "decision/pending.h"
#include "evidence/query.h"
#include "feed/definition_json.h"
#include "feed/read.h"
#include "feed/report_json.h"
#include "keeper/held.h"
#include "keeper/job.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

enum { ANSWER_MS = 10000, READINGS_MAX = 8 };

/* ---- the parser ---- */

struct parser {
	struct service *service;
	uint64_t id;
};

static enum err send_claims(void *state, struct claim_batch *batch, struct why *why)
{
	struct parser *parser = state;
	CLEANUP(buf_done) struct buf text = { 0 };

	(void)why;
	claim_batch_encode(&text, batch);
	job_message(parser->service, PROCESS_PARSE, 0,
		&(struct message){ MESSAGE_CLAIMS, parser->id, buf_view(&text), -1 });
	return OK;
}

/* Reads what keeper sent to be parsed, as the role would. */
static void parse(struct place *place, struct message *message)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(input_close) struct feed_input *input = NULL;
	CLEANUP(buf_done) struct buf text = { 0 };
	static struct feed_report report;
	struct json_writer json = json_writer_on(&text);
	struct parser parser = { place->service, message->id };
	const struct feed_sink sink = { &parser, send_claims, NULL };
	struct feed_definition definition;
	struct json_node root;
	struct why why = { 0 };
	enum err err;

	must(json_parse(reader, message->payload, &root, &why) == OK);
	must(feed_definition_read(json_get(root, "definition"), &arena, &definition, &why) == OK);
	must(lseek(message->fd, 0, SEEK_SET) == 0);
	must(input_open_fd(message->fd, STR("list"), NULL, &input, &why) == OK);
	report = (struct feed_report){ .format = STR("") };
	err = feed_read(&definition, input, &sink, &report, &why);
	feed_report_write(&json, &report, err == OK ? NULL : &why);
	job_message(place->service, PROCESS_PARSE, 0,
		&(struct message){ MESSAGE_PARSED, message->id, buf_view(&text), -1 });
}

/* The channel to a parser, whose other end is ours; the first peer of keeper's. */
static int parser_end(struct place *place)
{
	struct child_peer *peer = &place->service->child->peers[0];
	struct why why = { 0 };
	int ends[2];

	must(channel_pair(ends, &why) == OK);
	*peer = (struct child_peer){
		.process = PROCESS_PARSE, .is_used = true, .is_known = true, .next_fd = -1
	};
	channel_init(&peer->channel, ends[0], PROCESS_KEEPER, PROCESS_PARSE, NULL);
	return ends[1];
}

/* Turns keeper's loop until no job is left; returns how often a list was read. */
static int jobs_through(struct place *place)
{
	struct service *service = place->service;
	struct channel channel;
	struct why why = { 0 };
	int readings = 0;

	channel_init(&channel, parser_end(place), PROCESS_PARSE, PROCESS_KEEPER, NULL);
	while (service->job_count > 0 && readings < READINGS_MAX) {
		CLEANUP(message_done) struct message message = { .fd = -1 };

		jobs_advance(service);
		if (service->job_count == 0)
			break;
		must(channel_write(&service->child->peers[0].channel, &why) == OK);
		if (channel_receive_blocking(&channel, &message, ANSWER_MS, &why) != OK)
			fail_msg("%s", why.text);
		parse(place, &message);
		readings++;
	}
	channel_done(&channel);
	channel_done(&service->child->peers[0].channel);
	service->child->peers[0].is_used = false;
	assert_int_equal(service->job_count, 0);
	return readings;
}

/* ---- what the tests ask ---- */

static int memory_file(const struct buf *content)
{
	char path[] = "/tmp/pehra-list.XXXXXX";
	int fd = mkstemp(path);

	must(fd != -1 && unlink(path) == 0);
	must(write(fd, content->data, content->n) == (ssize_t)content->n);
	must(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static void answer_take(struct place *place, struct buf *answer)
{
	CLEANUP(message_done) struct message reply = { .fd = -1 };
	struct why why = { 0 };

	assert_int_equal(channel_write(&place->asker, &why), OK);
	if (channel_receive_blocking(&place->caller, &reply, ANSWER_MS, &why) != OK)
		fail_msg("%s", why.text);
	buf_clear(answer);
	buf_str(answer, reply.payload);
}

/* A whole list: n addresses from first on. */
struct list {
	const char *name;       /* "list" when NULL */
	const char *definition; /* further members of the definition, each behind a comma */
	const char *arguments;  /* and of the arguments, each before one */
	uint32_t first;
	uint32_t n;
	uint32_t permissions; /* all when 0 */
};

static void list_write(struct buf *out, const struct list *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		struct ipaddr ip = ip_from_u32(list->first + i);

		ip_format(out, &ip);
		buf_byte(out, '\n');
	}
	if (list->n == 0)
		buf_str(out, STR("# nothing\n"));
}

static const char *given(const char *text, const char *otherwise)
{
	return text == NULL ? otherwise : text;
}

/* Returns how often it was read. */
static int import(struct place *place, const struct list *list, struct buf *answer)
{
	struct actor actor = { .name = "uid:7",
		.permissions = list->permissions == 0 ? TOKEN_PERMISSIONS_ALL : list->permissions };
	CLEANUP(buf_done) struct buf content = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct message message = { MESSAGE_COMMAND, 1, STR(""), -1 };
	bool is_deferred;
	int readings;

	list_write(&content, list);
	buf_fmt(&text,
		"{\"command\":\"feed.import\",\"arguments\":{%s\"file\":\"list\",\"definition\":"
		"{\"name\":\"%s\",\"format\":\"plain\",\"category\":%d%s}}}",
		given(list->arguments, ""), given(list->name, "list"), CATEGORY_SCANNER,
		given(list->definition, ""));
	message.payload = buf_view(&text);
	message.fd = memory_file(&content);
	buf_clear(answer);
	command_execute(place->service, &place->asker, &actor, &message, answer, &is_deferred);
	if (!is_deferred) {
		fd_close(&message.fd);
		return 0;
	}
	readings = jobs_through(place);
	answer_take(place, answer);
	return readings;
}

static int import_n(struct place *place, uint32_t n, struct buf *answer)
{
	return import(place, &(struct list){ .first = 0x19010000, .n = n }, answer);
}

static void says(struct buf *answer, const char *words)
{
	if (strstr(buf_c(answer), words) == NULL)
		fail_msg("'%s' is not in %s", words, buf_c(answer));
}

static int64_t number(struct place *place, const char *sql)
{
	CLEANUP(db_finish) struct db_statement *statement = NULL;
	struct why why = { 0 };
	bool row = false;

	if (db_prepare(place->keeper->db, sql, &statement, &why) != OK ||
		db_step(statement, &row, &why) != OK)
		fail_msg("%s", why.text);
	assert_true(row);
	return db_column_i64(statement, 0);
}

static int64_t listed(struct place *place)
{
	return number(place, "SELECT count(*) FROM evidence WHERE ended = 0");
}

static int64_t open_item(struct place *place)
{
	assert_int_equal(number(place, "SELECT count(*) FROM pending WHERE closed = 0"), 1);
	return number(place, "SELECT id FROM pending WHERE closed = 0");
}

static size_t held_count(struct place *place)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	DIR *entries = opendir(keeper_path(&path, place->data, KEEPER_SPOOL_FOLDER));
	const struct dirent *entry;
	size_t n = 0;

	must(entries != NULL);
	while ((entry = readdir(entries)) != NULL)
		n += entry->d_name[0] != '.';
	(void)closedir(entries);
	return n;
}

static void settle(struct place *place, const char *command, int64_t id, struct buf *answer)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	buf_fmt(&text, "{\"command\":\"%s\",\"arguments\":{\"id\":%lld,\"note\":\"seen\"}}",
		command, (long long)id);
	place_execute(place, TOKEN_DECIDE, buf_c(&text), answer);
}

static const uint32_t FIRST = 0x19010000; /* 25.1.0.0 */
static const uint32_t RESOLVER = 0x08080808;

/* ---- tests ---- */

static void test_findings(void **state)
{
	static const struct {
		uint32_t n;
		const char *more;
		const char *finding;
	} rows[] = {
		{ 0, NULL, "\"finding\":\"empty\"" },
		{ 49, NULL, "\"finding\":\"shrunken\"" },
		{ 1201, NULL, "\"finding\":\"swollen\"" },
		{ 60, ",\"expected_min\":61", "\"finding\":\"few\"" },
		{ 60, ",\"expected_max\":59", "\"finding\":\"many\"" },
	};
	struct place *place = *state;
	CLEANUP(buf_done) struct buf answer = { 0 };

	assert_int_equal(import_n(place, 100, &answer), 2);
	says(&answer, "\"ok\":true");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(arena_done) struct arena arena = { 0 };
		struct pending item;
		struct why why = { 0 };

		assert_int_equal(import(place,
					 &(struct list){ .definition = rows[i].more,
						 .first = FIRST,
						 .n = rows[i].n },
					 &answer),
			1);
		says(&answer, "\"error\":\"held\"");
		says(&answer, "pehra pending approve 1");
		assert_int_equal(
			pending_find(place->keeper->db, open_item(place), &arena, &item, &why), OK);
		if (strstr(item.detail.p, rows[i].finding) == NULL)
			fail_msg("%zu: %s", i, item.detail.p);
		assert_int_equal(listed(place), 100);
		assert_int_equal(held_count(place), 1);
	}
	assert_int_equal(
		number(place, "SELECT count(*) FROM run WHERE state = 'held'"), ARRAY_LEN(rows));
	place_execute(place, TOKEN_READ, "{\"command\":\"status\"}", &answer);
	says(&answer, "\"pending\":1");
}

static void test_approved(void **state)
{
	struct place *place = *state;
	CLEANUP(buf_done) struct buf answer = { 0 };
	int64_t id;

	(void)import_n(place, 100, &answer);
	(void)import_n(place, 10, &answer);
	id = open_item(place);
	place_clock_set(PLACE_NOW_S + 3 * DAY_S);
	place_execute(place, TOKEN_OPERATE,
		"{\"command\":\"pending.approve\",\"arguments\":{\"id\":1}}", &answer);
	says(&answer, "\"denied\"");
	settle(place, "pending.approve", id, &answer);
	says(&answer, "\"ok\":true");
	assert_int_equal(listed(place), 100);
	/* merged without a second survey, as of when it was approved */
	assert_int_equal(jobs_through(place), 1);
	assert_int_equal(listed(place), 10);
	assert_int_equal(number(place, "SELECT count(*) FROM evidence WHERE ended > 0"), 90);
	assert_int_equal(number(place, "SELECT max(ended) FROM evidence"), PLACE_NOW_S + 3 * DAY_S);
	assert_int_equal(held_count(place), 0);
	assert_int_equal(number(place, "SELECT count(*) FROM pending WHERE outcome = 'approved' AND"
				       " closed_by = 'test' AND note = 'seen'"),
		1);
	settle(place, "pending.approve", id, &answer);
	says(&answer, "\"error\":\"usage\"");
}

static void test_dismissed_and_overtaken(void **state)
{
	struct place *place = *state;
	CLEANUP(buf_done) struct buf answer = { 0 };

	(void)import_n(place, 100, &answer);
	(void)import_n(place, 10, &answer);
	settle(place, "pending.dismiss", open_item(place), &answer);
	says(&answer, "\"ok\":true");
	assert_int_equal(held_count(place), 0);
	assert_int_equal(listed(place), 100);

	(void)import_n(place, 10, &answer);
	(void)open_item(place);
	(void)import_n(place, 90, &answer);
	says(&answer, "\"ok\":true");
	assert_int_equal(number(place, "SELECT count(*) FROM pending WHERE closed = 0"), 0);
	assert_int_equal(
		number(place, "SELECT count(*) FROM pending WHERE outcome = 'overtaken'"), 1);
	assert_int_equal(held_count(place), 0);

	(void)import_n(place, 10, &answer);
	assert_int_equal(
		import(place,
			&(struct list){ .arguments = "\"accept\":true,", .first = FIRST, .n = 11 },
			&answer),
		1);
	assert_int_equal(listed(place), 11);
	assert_int_equal(held_count(place), 0);
	assert_int_equal(import(place,
				 &(struct list){ .arguments = "\"accept\":true,",
					 .n = 1,
					 .permissions = TOKEN_OPERATE },
				 &answer),
		0);
	says(&answer, "\"denied\"");
}

/* A keeper that ends goes on where it was: with what is held, and with what was approved. */
static void test_restarts(void **state)
{
	struct place *place = *state;
	struct service *service = place->service;
	CLEANUP(buf_done) struct buf answer = { 0 };
	struct why why = { 0 };

	(void)import_n(place, 100, &answer);
	(void)import_n(place, 10, &answer);
	assert_int_equal(jobs_resume(service, &why), OK);
	assert_int_equal(service->job_count, 0);
	assert_int_equal(held_count(place), 1);
	settle(place, "pending.approve", open_item(place), &answer);
	assert_int_equal(service->job_count, 1);
	jobs_drop(service);
	assert_int_equal(jobs_resume(service, &why), OK);
	assert_int_equal(service->job_count, 1);
	assert_int_equal(jobs_through(place), 1);
	assert_int_equal(listed(place), 10);
	assert_int_equal(held_count(place), 0);
}

/* Killed after the queue knew of it and before the run was marked: it is found held again. */
static void test_killed_while_holding(void **state)
{
	struct place *place = *state;
	struct service *service = place->service;
	CLEANUP(buf_done) struct buf answer = { 0 };
	CLEANUP(buf_done) struct buf spool = { 0 };
	CLEANUP(buf_done) struct buf held = { 0 };
	struct why why = { 0 };

	(void)import_n(place, 100, &answer);
	(void)import_n(place, 10, &answer);
	buf_fmt(&held, "%s/" KEEPER_SPOOL_FOLDER "/held-list.2", place->data);
	buf_fmt(&spool, "%s/" KEEPER_SPOOL_FOLDER "/%lld-1", place->data, (long long)PLACE_NOW_S);
	must(link(buf_c(&held), buf_c(&spool)) == 0);
	must(db_exec(place->keeper->db, "UPDATE run SET state = 'running' WHERE id = 2", &why) ==
		OK);
	assert_int_equal(jobs_resume(service, &why), OK);
	assert_int_equal(service->job_count, 1);
	assert_int_equal(jobs_through(place), 1);
	assert_int_equal(number(place, "SELECT count(*) FROM pending"), 1);
	assert_int_equal(held_count(place), 1);
	settle(place, "pending.approve", open_item(place), &answer);
	says(&answer, "\"ok\":true");
	assert_int_equal(jobs_through(place), 1);
	assert_int_equal(listed(place), 10);
}

static void test_guards(void **state)
{
	static const char report[] =
		"{\"command\":\"report\",\"arguments\":{\"source\":\"someone\","
		"\"category\":\"scanner\",\"indicator\":\"8.8.8.8\"}}";
	struct place *place = *state;
	CLEANUP(buf_done) struct buf answer = { 0 };

	place_execute(place, TOKEN_PERMISSIONS_ALL, report, &answer);
	says(&answer, "\"denied\"");
	says(&answer, "public-resolvers");
	assert_int_equal(number(place, "SELECT count(*) FROM evidence"), 0);
	/* one row among many is refused; a list that is much of guards is held */
	(void)import(place, &(struct list){ .first = RESOLVER - 20, .n = 40 }, &answer);
	says(&answer, "\"ok\":true");
	says(&answer, "\"accepted\":39");
	says(&answer, "8.8.8.8 (public-resolvers)");
	assert_int_equal(listed(place), 39);
	assert_int_equal(number(place, "SELECT count(*) FROM refusal WHERE"
				       " reason = 'guarded: public-resolvers (never)'"),
		1);
	assert_int_equal(number(place, "SELECT accepted FROM run"), 39);
}

#define GUARD_NEVER_LIST ",\"purpose\":1,\"rule\":3"

/* A guard that changed is in force at once, and makes the same list be read again. */
static void test_guard_list_changes(void **state)
{
	struct place *place = *state;
	struct list guard = {
		.name = "ours", .definition = GUARD_NEVER_LIST, .first = FIRST + 50, .n = 5
	};
	CLEANUP(buf_done) struct buf answer = { 0 };

	(void)import_n(place, 100, &answer);
	(void)import_n(place, 100, &answer);
	says(&answer, "\"unchanged\"");
	place->service->build_due_ns = 0;
	(void)import(place, &guard, &answer);
	says(&answer, "\"ok\":true");
	assert_true(place->service->build_due_ns != 0);
	(void)import_n(place, 100, &answer);
	says(&answer, "\"accepted\":95");
	says(&answer, "25.1.0.50 (ours)");
	(void)import_n(place, 100, &answer);
	says(&answer, "\"unchanged\"");
}

/* Much of it is guarded by "ask": held, and merged whole when a person says so. */
static void test_guards_hold(void **state)
{
	struct place *place = *state;
	struct list guard = {
		.name = "ours", .definition = ",\"purpose\":1,\"rule\":2", .first = FIRST, .n = 20
	};
	CLEANUP(buf_done) struct buf answer = { 0 };

	(void)import(place, &guard, &answer);
	(void)import_n(place, 100, &answer);
	says(&answer, "\"error\":\"held\"");
	says(&answer, "guards hold 20 of its 100 indicators, ours (ask: 20)");
	settle(place, "pending.approve", open_item(place), &answer);
	(void)jobs_through(place);
	assert_int_equal(
		number(place, "SELECT count(*) FROM evidence e JOIN source s ON s.id = e.source"
			      " WHERE s.name = 'list' AND e.ended = 0"),
		100);
}

/* Who may only operate makes no guards, and vouches for nobody. */
static void test_declared(void **state)
{
	struct place *place = *state;
	struct list guard = { .name = "ours",
		.definition = GUARD_NEVER_LIST,
		.first = FIRST,
		.n = 5,
		.permissions = TOKEN_OPERATE };
	struct list claims = { .definition = ",\"standing\":2",
		.first = FIRST,
		.n = 5,
		.permissions = TOKEN_OPERATE };
	CLEANUP(buf_done) struct buf answer = { 0 };

	(void)import(place, &guard, &answer);
	says(&answer, "\"denied\"");
	(void)import(place, &claims, &answer);
	says(&answer, "\"ok\":true");
	assert_int_equal(number(place, "SELECT standing FROM source WHERE name = 'list'"), 0);
	/* from then on source.set alone says it, and no list of whatever kind */
	place_execute(place, TOKEN_DECIDE,
		"{\"command\":\"source.set\",\"arguments\":{\"name\":\"list\",\"standing\":"
		"\"vouched\",\"weight\":1.5,\"traits\":[\"critical\"]}}",
		&answer);
	says(&answer, "\"ok\":true");
	claims.permissions = 0;
	claims.n = 6;
	(void)import(place, &claims, &answer);
	assert_int_equal(number(place, "SELECT standing FROM source WHERE name = 'list'"), 1);
	assert_int_equal(number(place, "SELECT traits FROM source WHERE name = 'list'"), 2);
	assert_int_equal(
		number(place, "SELECT count(*) FROM source WHERE name = 'list' AND weight = 1.5"),
		1);
	claims.definition = GUARD_NEVER_LIST;
	(void)import(place, &claims, &answer);
	says(&answer, "it needs another name");
	/* the catalogue's own are the catalogue's */
	place_execute(place, TOKEN_DECIDE,
		"{\"command\":\"source.set\",\"arguments\":{\"name\":\"sensor-a\",\"standing\":"
		"\"new\"}}",
		&answer);
	says(&answer, "\"conflict\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_findings, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_approved, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(
			test_dismissed_and_overtaken, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_restarts, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(
			test_killed_while_holding, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_guards, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(
			test_guard_list_changes, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_guards_hold, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_declared, place_set_up, place_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
