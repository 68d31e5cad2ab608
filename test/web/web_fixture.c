/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web_fixture.h"

#include "base/io.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "registry/schema.h"

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
	need(db_migrate(fixture->db, registry_migrations, REGISTRY_MIGRATIONS, clock_now_s(NULL),
		     &why),
		&why);
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
	need(web_start(&fixture->settings, &fixture->web, &why), &why);
	web_keeper_is_up(fixture->web, true);
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
		json_object_end(&json);
	} else {
		json_field_str(&json, "error", str_c(err_word(err)));
		json_field_str(&json, "why", str_c(why->text));
	}
	json_object_end(&json);
	web_reply(fixture->web, id, buf_view(&text));
}

/* As keeper would: reads the command, changes the store, tells everybody. */
static void carry_out(struct web_fixture *fixture, const struct web_command *command)
{
	CLEANUP(buf_done) struct buf event = { 0 };
	struct why why = { 0 };
	struct json_node root;
	struct str name = STR("");
	struct str id = STR("");
	enum err err;

	need(json_parse(fixture->json, command->json, &root, &why), &why);
	must(json_str(json_get(root, "command"), &name));
	if (str_eq(name, STR("token.revoke"))) {
		must(json_str(json_get(json_get(root, "arguments"), "id"), &id));
		err = token_revoke(fixture->db, id, clock_now_s(NULL), &why);
	} else {
		err = fail(&why, ERR_UNSUPPORTED, "no command %.*s", STR_FMT(name));
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

	/* each line on standard input is an event */
	if (n > 0)
		web_event(fixture->web, ++fixture->event_id,
			STR("{\"event\":\"test\",\"said\":true}"));
	return n > 0;
}

void web_fixture_done(struct web_fixture *fixture)
{
	web_stop(&fixture->web);
	db_close(&fixture->db);
	json_reader_free(&fixture->json);
}
