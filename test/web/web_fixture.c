/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web_fixture.h"

#include "base/io.h"
#include "base/json_read.h"
#include "base/log.h"
#include "base/json_write.h"
#include "decision/override.h"
#include "decision/pending.h"
#include "decision/policy_store.h"
#include "decision/schema.h"
#include "evidence/import.h"
#include "evidence/schema.h"
#include "learn/model_store.h"
#include "registry/schema.h"
#include "store/audit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static void need(enum err err, const struct why *why)
{
	if (err == OK)
		return;
	(void)fprintf(stderr, "fixture: %s\n", why->text);
	abort();
}

static uint16_t day(int64_t time_s)
{
	return (uint16_t)((time_s - PEHRA_DAY_ZERO_S) / DAY_S);
}

static void build_snapshot(struct web_fixture *fixture)
{
	CLEANUP(verdict_table_free) struct verdict_table *verdicts = verdict_table_new();
	static const uint16_t both[] = { 0, 1 };
	struct pehra_verdict scanner = { .categories = UINT64_C(1) << CATEGORY_SCANNER,
		.score = { 90, 0, 0 },
		.action = PEHRA_BLOCK };
	struct pehra_verdict allowed = { .action = PEHRA_ALLOW };
	struct pehra_verdict tor = { .categories = UINT64_C(1) << CATEGORY_TOR,
		.score = { 0, 0, 60 },
		.action = PEHRA_WATCH };
	struct pehra_verdict phishing = { .categories = UINT64_C(1) << CATEGORY_PHISHING,
		.score = { 0, 80, 0 },
		.action = PEHRA_BLOCK };
	int64_t now_s = clock_now_s(NULL);
	struct snapshot_detail detail = { day(now_s) - 10, day(now_s), day(now_s) + 20 };
	struct snapshot_v4 v4[] = {
		{ .address = 0xc0000200, .width = 24, .detail = detail },
		{ .address = 0xc0000207, .width = 32, .detail = detail },
	};
	struct snapshot_v6 v6[] = {
		{ .high = UINT64_C(0x20010db800010000), .length = 48, .detail = detail }
	};
	struct snapshot_text texts[] = {
		{ .text = STR_INIT("example.org"), .below = true, .detail = detail },
		{ .text = STR_INIT("http://example.net/x"), .is_url = true, .detail = detail },
	};
	struct str names[] = { STR_INIT("drop"), STR_INIT("secret") };
	struct str categories[CATEGORY_COUNT];
	struct snapshot_key key;
	struct why why;

	for (unsigned i = 0; i < CATEGORY_COUNT; i++)
		categories[i] = category_info(i) == NULL ? STR("") : category_info(i)->name;
	v4[0].verdict = verdict_table_intern(verdicts, &scanner, both, 2);
	v4[1].verdict = verdict_table_intern(verdicts, &allowed, both, 1);
	v6[0].verdict = verdict_table_intern(verdicts, &tor, both, 1);
	texts[0].verdict = texts[1].verdict = verdict_table_intern(verdicts, &phishing, both, 1);

	struct snapshot_input input = { .v4 = v4,
		.v4_count = ARRAY_LEN(v4),
		.v6 = v6,
		.v6_count = ARRAY_LEN(v6),
		.texts = texts,
		.text_count = ARRAY_LEN(texts),
		.verdicts = verdicts,
		.source_names = names,
		.source_count = ARRAY_LEN(names),
		.category_names = categories,
		.category_count = CATEGORY_COUNT,
		.generation = 7,
		.created_s = now_s };

	need(snapshot_key_load_or_make(fixture->folder, &key, &why), &why);
	need(snapshot_build(&input, fixture->folder, &key, &why), &why);
}

/* What a keeper's store has: the tables of each area, in the order of their versions. */
static void make_tables(struct web_fixture *fixture)
{
	static const struct {
		const struct db_migration *rows;
		size_t n;
	} areas[] = {
		{ evidence_migrations, EVIDENCE_MIGRATIONS },
		{ audit_migrations, AUDIT_MIGRATIONS },
		{ registry_migrations, REGISTRY_MIGRATIONS },
		{ decision_migrations, DECISION_MIGRATIONS },
		{ model_migrations, MODEL_MIGRATIONS },
	};
	enum { TABLES_MAX = 32 };
	struct db_migration all[TABLES_MAX];
	size_t n = 0;
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(areas); i++) {
		must(n + areas[i].n <= TABLES_MAX);
		memcpy(all + n, areas[i].rows, areas[i].n * sizeof *all);
		n += areas[i].n;
	}
	need(db_migrate(fixture->db, all, n, clock_now_s(NULL), &why), &why);
}

static void add_claim(struct claim_batch *batch, const char *what, enum category category,
	enum role role, enum tlp tlp, const char *reference)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct claim claim = { .role = role,
		.category = category,
		.tlp = tlp,
		.confidence = CONFIDENCE_UNKNOWN,
		.count = 1,
		.reference = str_c(reference) };
	struct why why;

	need(indicator_parse(str_c(what), &arena, &claim.indicator, &why), &why);
	claim_batch_add(batch, &claim);
}

/* One reading of a source's list, one line of it refused. */
static void import(struct web_fixture *fixture, const char *source, struct claim_batch *batch)
{
	struct import_request request = {
		.source = str_c(source), .kind = IMPORT_FULL_LIST, .now_s = clock_now_s(NULL)
	};
	struct import_refusal refusal = { STR_INIT("no address"), 1, 3, STR_INIT("=nonsense") };
	struct import_reading reading = { batch->n + 1, batch->n, 1, STR_INIT("plain"), &refusal,
		1 };
	struct import_result result;
	struct import *running;
	bool is_unchanged;
	struct why why;

	claim_batch_sort(batch);
	need(import_begin(fixture->db, &request, &running, &is_unchanged, &why), &why);
	need(import_batch(running, batch, &why), &why);
	need(import_finish(&running, &reading, STR(""), STR(""), &result, &why), &why);
	claim_batch_clear(batch);
}

static void make_evidence(struct web_fixture *fixture)
{
	enum { MANY = 250 };
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	char text[IP_TEXT_MAX];

	add_claim(&batch, "192.0.2.0/24", CATEGORY_SCANNER, ROLE_SOURCE, TLP_CLEAR, "=cmd|x");
	add_claim(&batch, "192.0.2.7", CATEGORY_SCANNER, ROLE_SOURCE, TLP_CLEAR, "");
	add_claim(&batch, "2001:db8:1::/48", CATEGORY_TOR, ROLE_POLICY, TLP_CLEAR, "");
	add_claim(&batch, "*.example.org", CATEGORY_PHISHING, ROLE_DESTINATION, TLP_CLEAR, "");
	add_claim(
		&batch, "http://example.net/x", CATEGORY_PHISHING, ROLE_DESTINATION, TLP_CLEAR, "");
	import(fixture, "drop", &batch);
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(text, sizeof text, "198.51.100.%u", i);
		add_claim(&batch, text, CATEGORY_BRUTE_FORCE, ROLE_SOURCE, TLP_CLEAR, "");
	}
	import(fixture, "many", &batch);
	add_claim(&batch, "192.0.2.0/24", CATEGORY_BRUTE_FORCE, ROLE_SOURCE, TLP_AMBER, "case 1");
	add_claim(&batch, "203.0.113.66", CATEGORY_C2_SERVER, ROLE_DESTINATION, TLP_AMBER, "");
	import(fixture, "secret", &batch);
}

static int64_t add_override(
	struct web_fixture *fixture, const char *what, bool is_allow, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	int64_t now_s = clock_now_s(NULL);
	struct override_request request = { .is_allow = is_allow,
		.owner = STR_INIT("soc"),
		.reason = STR_INIT("=case 7"),
		.ends_s = now_s + 7 * (int64_t)DAY_S,
		.made_by = STR_INIT("token:1 (asma)") };
	int64_t id;

	need(indicator_parse(str_c(what), &arena, &request.indicator, why), why);
	need(override_add(fixture->db, &request, now_s, &id, why), why);
	return id;
}

/* One override of each kind, one that waits, a policy, and what waits for a person. */
static void make_decisions(struct web_fixture *fixture)
{
	CLEANUP(db_rollback_unless_done) struct db *open = fixture->db;
	int64_t now_s = clock_now_s(NULL);
	int64_t id;
	bool is_new;
	struct why why;

	need(db_begin(fixture->db, &why), &why);
	(void)add_override(fixture, "192.0.2.7", true, &why);
	(void)add_override(fixture, "203.0.113.9", false, &why);
	id = add_override(fixture, "100.0.0.0/8", false, &why);
	need(pending_raise(fixture->db, PENDING_OVERRIDE, STR("3"), STR("a wide block"),
		     STR("{\"id\":3}"), now_s, &id, &is_new, &why),
		&why);
	need(pending_raise(fixture->db, PENDING_FEED, STR("drop"), STR("it shrank"), STR("{}"),
		     now_s, &id, &is_new, &why),
		&why);
	need(pending_close(fixture->db, id, "dismissed", STR("asma"), STR("no"), now_s, &why),
		&why);
	need(policy_add(fixture->db, STR(POLICY_DEFAULT_NAME),
		     STR("{\"thresholds\":{\"src\":{\"block\":80}}}"), STR("later"), STR("asma"),
		     now_s, &id, &why),
		&why);
	need(db_commit(open, &why), &why);
}

static void make_token(struct web_fixture *fixture, const char *owner, uint32_t permissions,
	enum tlp tlp, char out[TOKEN_TEXT_LENGTH + 1])
{
	struct token_request request = { str_c(owner), permissions, tlp, 0 };
	struct why why;

	need(token_add(fixture->db, &request, clock_now_s(NULL), out, &why), &why);
}

static void make_tokens(struct web_fixture *fixture)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	struct why why;

	make_token(fixture, "admin@example.org", TOKEN_PERMISSIONS_ALL, TLP_RED, fixture->admin);
	make_token(fixture, "reader@example.org", TOKEN_READ, TLP_CLEAR, fixture->read);
	make_token(fixture, "sensor@example.org", TOKEN_READ | TOKEN_REPORT, TLP_GREEN,
		fixture->report);
	buf_fmt(&text, "%s\n%s\n%s\n", fixture->admin, fixture->read, fixture->report);
	buf_fmt(&path, "%s/tokens", fixture->folder);
	need(file_replace(buf_c(&path), buf_view(&text), 0600, &why), &why);
}

void web_fixture_init(struct web_fixture *fixture, const char *folder)
{
	struct why why;

	*fixture = (struct web_fixture){ .json = json_reader_new() };
	must(str_to_c(str_c(folder), fixture->folder, sizeof fixture->folder));
	(void)snprintf(
		fixture->store_url, sizeof fixture->store_url, "sqlite:%s/store.sqlite", folder);
	(void)snprintf(fixture->snapshot_path, sizeof fixture->snapshot_path, "%s/generation.pehra",
		folder);
	need(folder_make(folder, 0700, &why), &why);
	need(db_open(fixture->store_url, DB_READ_WRITE, &fixture->db, &why), &why);
	make_tables(fixture);
	make_evidence(fixture);
	make_decisions(fixture);
	make_tokens(fixture);
	build_snapshot(fixture);
	need(prefix_parse(STR("127.0.0.1"), NULL, &fixture->trusted[0], &why), &why);
	fixture->metrics_from[0] = fixture->trusted[0];
	fixture->settings = (struct web_settings){ .listen_fd = -1,
		.store_url = fixture->store_url,
		.snapshot_path = fixture->snapshot_path,
		.generation_path = fixture->snapshot_path,
		.trusted_proxies = fixture->trusted,
		.trusted_proxy_count = 1,
		.metrics_from = fixture->metrics_from,
		.metrics_from_count = 1,
		.requests_per_second = 100000,
		.request_burst = 100000 };
}

static int listen_on_loopback(uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(fd != -1 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
	must(listen(fd, 512) == 0);
	must(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
	*port = ntohs(address.sin_port);
	return fd;
}

void web_fixture_start(struct web_fixture *fixture)
{
	struct why why;

	fixture->settings.listen_fd = listen_on_loopback(&fixture->port);
	fixture->second_fd = listen_on_loopback(&fixture->second_port);
	fixture->settings.more_listen_fds = &fixture->second_fd;
	fixture->settings.more_listen_count = 1;
	need(web_start(&fixture->settings, &fixture->web, &why), &why);
	web_keeper_is_up(fixture->web, true);
}

/* As keeper's results look, by command (what was asked is in the log). */
static const struct {
	struct str name;
	struct str members;
} results[] = {
	{ STR_INIT("override.add"),
		STR_INIT("\"id\":9,\"state\":\"waiting\",\"second_reason\":\"wide\","
			 "\"shown\":false") },
	{ STR_INIT("override.approve"), STR_INIT("\"id\":3,\"state\":\"in-force\"") },
	{ STR_INIT("override.revoke"), STR_INIT("\"id\":1,\"shown\":true") },
	{ STR_INIT("policy.add"), STR_INIT("\"id\":2") },
	{ STR_INIT("model.refit"), STR_INIT("\"version\":2,\"state\":\"waiting\"") },
	{ STR_INIT("pending.dismiss"), STR_INIT("\"id\":1") },
	{ STR_INIT("source.set"), STR_INIT("\"name\":\"drop\"") },
};

/* The result of a command that only the answer is looked at of. */
static bool reply_made(struct web_fixture *fixture, uint64_t id, struct str command)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		if (!str_eq(results[i].name, command))
			continue;
		buf_fmt(&text, "{\"ok\":true,\"result\":{%.*s}}", STR_FMT(results[i].members));
		web_reply(fixture->web, id, buf_view(&text));
		return true;
	}
	return false;
}

static void reply(struct web_fixture *fixture, uint64_t id, enum err err, const struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);

	json_object_begin(&json);
	json_field_bool(&json, "ok", err == OK);
	if (err == OK) {
		json_key(&json, "result");
		json_object_begin(&json);
		json_field_bool(&json, "kept", true);
		json_field_bool(&json, "shown", false);
		json_object_end(&json);
	} else {
		json_field_str(&json, "error", str_c(err_word(err)));
		json_field_str(&json, "why", str_c(why->text));
	}
	json_object_end(&json);
	web_reply(fixture->web, id, buf_view(&text));
}

static enum err revoke_token(
	struct web_fixture *fixture, struct json_node arguments, struct why *why)
{
	struct str id = STR("");

	must(json_str(json_get(arguments, "id"), &id));
	return token_revoke(fixture->db, id, clock_now_s(NULL), why);
}

static enum err report(struct web_fixture *fixture, struct json_node arguments, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct claim claim = { .count = 1, .confidence = CONFIDENCE_UNKNOWN };
	struct str source;
	struct str text;

	must(json_str(json_get(arguments, "source"), &source));
	must(json_str(json_get(arguments, "indicator"), &text));
	TRY(indicator_parse(text, &arena, &claim.indicator, why));
	must(json_str(json_get(arguments, "category"), &text));
	if (!category_parse(text, &claim.category))
		return fail(why, ERR_USAGE, "no category '%.*s'", STR_FMT(text));
	return import_one(fixture->db, source, &claim, clock_now_s(NULL), why);
}

static enum err run_feed(struct web_fixture *fixture, struct json_node arguments, struct why *why)
{
	struct str name;

	(void)fixture;
	must(json_str(json_get(arguments, "name"), &name));
	return fail(why, ERR_NOT_FOUND, "no feed '%.*s' in the catalogue", STR_FMT(name));
}

static const struct {
	struct str name;
	enum err (*run)(struct web_fixture *fixture, struct json_node arguments, struct why *why);
} commands[] = {
	{ STR_INIT("token.revoke"), revoke_token },
	{ STR_INIT("report"), report },
	{ STR_INIT("feed.run"), run_feed },
};

/* As keeper does: changes the store, answers, tells everybody. */
static void carry_out(struct web_fixture *fixture, const struct web_command *command)
{
	CLEANUP(buf_done) struct buf event = { 0 };
	struct why why = { 0 };
	struct json_node root;
	struct str name = STR("");
	enum err err = ERR_UNSUPPORTED;

	need(json_parse(fixture->json, command->json, &root, &why), &why);
	must(json_str(json_get(root, "command"), &name));
	log_event(LOG_NOTICE, "command", LOG_S("name", name), LOG_S("json", command->json));
	if (reply_made(fixture, command->id, name))
		return;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (str_eq(commands[i].name, name))
			err = commands[i].run(fixture, json_get(root, "arguments"), &why);
	}
	reply(fixture, command->id, err, &why);
	buf_fmt(&event, "{\"event\":\"command\",\"name\":\"%.*s\"}", STR_FMT(name));
	web_event(fixture->web, ++fixture->event_id, buf_view(&event));
}

bool web_fixture_turn(struct web_fixture *fixture, int stop_fd)
{
	enum { TURN_MS = 100 };
	struct pollfd fds[] = { { web_wake_fd(fixture->web), POLLIN, 0 }, { stop_fd, POLLIN, 0 } };
	struct web_command command;
	char line[64];

	(void)poll(fds, ARRAY_LEN(fds), TURN_MS);
	while (web_next_command(fixture->web, &command))
		carry_out(fixture, &command);
	web_tick(fixture->web);
	if ((fds[1].revents & (POLLIN | POLLHUP)) == 0)
		return true;

	ssize_t n = read(stop_fd, line, sizeof line);

	/* each line on standard input is an event, or ends the reader's token */
	if (n > 0 && line[0] == '!') {
		struct why why;

		need(token_revoke(fixture->db, str_from(fixture->read + 6, TOKEN_ID_LENGTH),
			     clock_now_s(NULL), &why),
			&why);
		web_event(fixture->web, ++fixture->event_id, STR("{\"event\":\"tokens\"}"));
	} else if (n > 0) {
		web_event(fixture->web, ++fixture->event_id,
			STR("{\"event\":\"test\",\"said\":true}"));
	}
	return n > 0;
}

void web_fixture_done(struct web_fixture *fixture)
{
	web_stop(&fixture->web);
	fd_close(&fixture->second_fd);
	db_close(&fixture->db);
	json_reader_free(&fixture->json);
}
