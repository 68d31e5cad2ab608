/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fetch and parse roles in their real sandboxes, under a real parent. A small keeper asks them
 * what the table says and writes down what came back; a small web server on loopback answers.
 */
#include "prop.h"

#include "base/io.h"
#include "base/json_read.h"
#include "base/log.h"
#include "config/config_json.h"
#include "evidence/claim.h"
#include "feed/definition_json.h"
#include "feed/fetch_role.h"
#include "feed/parse_role.h"
#include "feed/report_json.h"
#include "proc/parent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

enum { PATIENCE_MS = 30000, NOBODY = 65534, REQUEST_MAX = 4096, BIG_BYTES = 3 << 20 };

#define LIST "# a list\n192.0.2.1\n198.51.100.0/24\nnot an address\n"

/* A step of keeper: a FETCH, and if that gave something, a PARSE of it. */
static const struct step {
	const char *path;
	const char *etag;
	int64_t size_max;
	const char *status; /* expected */
	const char *why;    /* expected to be in the reason */
	const char *format; /* "" when nothing is parsed */
	uint64_t claims;    /* expected */
} steps[] = {
	{ "/list", "", 1 << 20, "fetched", "", "plain", 2 },
	{ "/list", "\"v1\"", 1 << 20, "not_modified", "", "", 0 },
	{ "/list", "\"v0\"", 1 << 20, "fetched", "", "plain", 2 },
	{ "/list", "", 10, "failed", "exceeded", "", 0 },
	{ "/moved", "", 1 << 20, "fetched", "", "auto", 2 },
	{ "/loop", "", 1 << 20, "failed", "redirects", "", 0 },
	{ "/missing", "", 1 << 20, "failed", "404", "", 0 },
	{ "/away", "", 1 << 20, "failed", "", "", 0 },
	{ "/cut", "", 1 << 20, "failed", "", "", 0 },
	{ "/slow", "", 1 << 20, "failed", "", "", 0 },
	{ "/big", "", BIG_BYTES, "fetched", "", "plain", 0 },
	{ "/big", "", BIG_BYTES - 1, "failed", "", "", 0 },
	{ "/list", "", 1 << 20, "fetched", "", "no-such-format", 0 },
};

/* The web server. */

static void answer_big(int client)
{
	static char body[BIG_BYTES];
	struct why why;

	memset(body, '#', sizeof body);
	(void)dprintf(client, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n",
		(int)BIG_BYTES);
	(void)!fd_write_all(client, str_from(body, sizeof body), &why);
}

static void answer(int client, const char *request)
{
	if (strstr(request, "GET /list ") != NULL &&
		strstr(request, "If-None-Match: \"v1\"") != NULL)
		(void)dprintf(client,
			"HTTP/1.1 304 Not Modified\r\nConnection: close\r\nETag: \"v1\"\r\n\r\n");
	else if (strstr(request, "GET /list ") != NULL)
		(void)dprintf(client,
			"HTTP/1.1 200 OK\r\nConnection: close\r\nETag: \"v1\"\r\nLast-Modified: "
			"Mon, 23 Nov 2026 "
			"10:00:00 GMT\r\nContent-Length: %zu\r\n\r\n" LIST,
			sizeof LIST - 1);
	else if (strstr(request, "GET /moved ") != NULL)
		(void)dprintf(client, "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: "
				      "/list\r\nContent-Length: 0\r\n\r\n");
	else if (strstr(request, "GET /loop ") != NULL)
		(void)dprintf(client, "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: "
				      "/loop\r\nContent-Length: 0\r\n\r\n");
	else if (strstr(request, "GET /away ") != NULL)
		(void)dprintf(client, "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: "
				      "file:///etc/passwd\r\n"
				      "Content-Length: 0\r\n\r\n");
	else if (strstr(request, "GET /cut ") != NULL)
		(void)dprintf(client, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "
				      "1000\r\n\r\nshort");
	else if (strstr(request, "GET /slow ") != NULL) {
		(void)dprintf(client,
			"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000\r\n\r\nslow");
		(void)poll(NULL, 0, PATIENCE_MS);
	} else if (strstr(request, "GET /big ") != NULL)
		answer_big(client);
	else
		(void)dprintf(client,
			"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

static void serve(int listener)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	must(sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL) == 0);
	for (;;) {
		int client = accept(listener, NULL, NULL);
		char request[REQUEST_MAX];

		/* a process each, so that the slow one holds nobody up */
		if (client != -1 && fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);

			ssize_t n = recv(client, request, sizeof request - 1, 0);

			request[n < 0 ? 0 : n] = '\0';
			answer(client, request);
			_exit(0);
		}
		(void)close(client);
	}
}

/* Keeper. */

struct asker {
	struct child *child;
	struct buf notes; /* a line for each answer */
	uint64_t id;
	uint16_t port;
};

/* The next message of a kind with our number, whose payload is noted; false when its peer died. */
static bool await(struct asker *asker, enum message_type type, enum process peer, uint64_t *claims)
{
	struct child_event event;
	struct why why;

	while (child_wait(asker->child, -1, &why) == OK) {
		while (child_next(asker->child, &event)) {
			struct message *message = &event.message;

			if (event.kind == CHILD_STOP)
				_exit(CHILD_EXIT_OK);
			if (event.kind == CHILD_PEER_LOST && event.peer == peer)
				return false;
			if (event.kind != CHILD_MESSAGE || message->id != asker->id)
				continue;
			if (message->type == MESSAGE_CLAIMS && claims != NULL) {
				CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };

				must(claim_batch_decode(message->payload, &batch, &why) == OK);
				*claims += batch.n;
			}
			if (message->type != type)
				continue;
			buf_str(&asker->notes, message->payload);
			buf_byte(&asker->notes, '\n');
			return true;
		}
	}
	_exit(CHILD_EXIT_FAILED);
}

static struct channel *await_peer(struct asker *asker, enum process process)
{
	struct child_event event;
	struct why why;

	for (;;) {
		struct channel *channel = child_peer(asker->child, process, 0);

		if (channel != NULL)
			return channel;
		must(child_wait(asker->child, -1, &why) == OK);
		while (child_next(asker->child, &event))
			message_done(&event.message);
	}
}

static void put_definition(struct json_writer *json, struct str url, const char *format)
{
	struct feed_definition definition = feed_definition_default(STR("test"));

	definition.url = url;
	definition.format = str_c(format);
	definition.rules.allow_special_purpose = true;
	json_key(json, "definition");
	feed_definition_write(json, &definition);
}

static void parse(struct asker *asker, const char *format, int file)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct channel *channel = await_peer(asker, PROCESS_PARSE);
	uint64_t claims = 0;
	struct why why;

	json_object_begin(&json);
	put_definition(&json, STR(""), format);
	json_field_str(&json, "file", STR("list.txt"));
	json_object_end(&json);
	asker->id++;
	must(channel_send(channel,
		     &(struct message){ MESSAGE_PARSE, asker->id, buf_view(&text), file },
		     &why) == OK);
	if (!await(asker, MESSAGE_PARSED, PROCESS_PARSE, &claims))
		buf_str(&asker->notes, STR("null\n"));
	buf_fmt(&asker->notes, "%llu\n", (unsigned long long)claims);
}

static void take_step(struct asker *asker, const struct step *step)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf url = { 0 };
	CLEANUP(fd_close) int file = memfd_create("spool", MFD_CLOEXEC);
	struct json_writer json = json_writer_on(&text);
	struct channel *channel = await_peer(asker, PROCESS_FETCH);
	struct why why;

	buf_fmt(&url, "http://127.0.0.1:%u%s", asker->port, step->path);
	json_object_begin(&json);
	put_definition(&json, buf_view(&url), "plain");
	json_field_str(&json, "etag", str_c(step->etag));
	json_field_str(&json, "last_modified", STR(""));
	json_field_i64(&json, "size_max", step->size_max);
	json_field_i64(&json, "timeout_s", 2);
	json_object_end(&json);
	asker->id++;
	must(channel_send(channel,
		     &(struct message){ MESSAGE_FETCH, asker->id, buf_view(&text), file },
		     &why) == OK);
	must(await(asker, MESSAGE_FETCHED, PROCESS_FETCH, NULL));
	if (step->format[0] != '\0')
		parse(asker, step->format, file);
}

/* A document that takes more memory than the settings allow, then a list as if nothing were. */
static void parse_too_much(struct asker *asker)
{
	enum { CHUNKS = 60 };
	static const char unit[] = "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,";
	CLEANUP(fd_close) int file = memfd_create("spool", MFD_CLOEXEC);
	CLEANUP(buf_done) struct buf chunk = { 0 };
	struct why why;

	while (chunk.n < 1 << 20)
		buf_put(&chunk, unit, sizeof unit - 1);
	must(fd_write_all(file, STR("["), &why) == OK);
	for (int i = 0; i < CHUNKS; i++)
		must(fd_write_all(file, buf_view(&chunk), &why) == OK);
	must(fd_write_all(file, STR("1]"), &why) == OK);
	parse(asker, "json", file);
}

static int keeper_main(struct child *child)
{
	struct asker asker = { .child = child };
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(fd_close) int list = memfd_create("list", MFD_CLOEXEC);
	struct sockaddr_in at = { 0 };
	socklen_t size = sizeof at;
	struct why why;

	must(getsockname(child_inherited(child, "port", 0), (struct sockaddr *)&at, &size) == 0);
	asker.port = ntohs(at.sin_port);
	must(child_ready(child, &why) == OK);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		take_step(&asker, &steps[i]);
	if (!SANITIZED)
		parse_too_much(&asker);
	must(fd_write_all(list, STR(LIST), &why) == OK);
	parse(&asker, "plain", list);
	buf_fmt(&path, "%s/notes", child->data);
	must(file_replace(buf_c(&path), buf_view(&asker.notes), 0600, &why) == OK);
	buf_done(&asker.notes);
	asker.id++;
	(void)await(&asker, MESSAGE_PONG, PROCESS_PARENT, NULL);
	return CHILD_EXIT_FAILED;
}

static const struct process_role roles[] = {
	{ PROCESS_KEEPER, keeper_main, 1 },
	{ PROCESS_FETCH, fetch_role, 1 },
	{ PROCESS_PARSE, parse_role, 1 },
};

static void put_settings(void *state, enum process process, struct buf *json)
{
	(void)process;
	config_to_json(state, json);
}

static enum err no_reload(void *state, struct why *why)
{
	(void)state;
	(void)why;
	return OK;
}

static void run_server(const char *data, const char *where)
{
	const struct inherit rows[] = {
		{ "port", INHERIT_UDP, where, 0, 1, 1U << PROCESS_KEEPER, 0 },
	};
	struct config config;
	struct parent_options options = { .data = data,
		.roles = roles,
		.role_count = ARRAY_LEN(roles),
		.inherits = rows,
		.inherit_count = ARRAY_LEN(rows),
		.state = &config,
		.settings = put_settings,
		.reload = no_reload };
	struct why why;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	log_start("parent", LOG_WARNING);
	config_init(&config);
	must(config_set(&config, "parse.memory_max", STR("256M"), &why) == OK);

	enum err err = parent_run(&options, &why);

	config_done(&config);
	if (err != OK)
		log_why(LOG_ERROR, "parent_failed", &why);
	_exit(err == OK ? 0 : 1);
}

/* The judge. */

static void judge_fetched(struct json_reader *reader, const struct step *step, struct str note)
{
	struct json_node root;
	struct str text;
	struct why why;

	assert_int_equal(json_parse(reader, note, &root, &why), OK);
	assert_true(json_str(json_get(root, "status"), &text));
	if (!str_eq(text, str_c(step->status)))
		fail_msg("%s: %.*s", step->path, STR_FMT(note));
	assert_true(json_str(json_get(root, "why"), &text));
	if (str_find_str(text, str_c(step->why)) == text.n && step->why[0] != '\0')
		fail_msg("%s: %.*s", step->path, STR_FMT(note));
	if (str_eq(str_c(step->path), STR("/list")) &&
		str_eq(str_c(step->status), STR("fetched"))) {
		assert_true(json_str(json_get(root, "etag"), &text));
		assert_true(str_eq(text, STR("\"v1\"")));
		assert_true(json_str(json_get(root, "last_modified"), &text));
		assert_true(str_eq(text, STR("Mon, 23 Nov 2026 10:00:00 GMT")));
	}
}

static void judge_parsed(struct json_reader *reader, struct str note, struct str claims, bool is_ok,
	uint64_t expected)
{
	struct feed_report report;
	struct json_node root;
	struct why outcome;
	struct why why;
	uint64_t n;

	assert_int_equal(json_parse(reader, note, &root, &why), OK);
	assert_int_equal(feed_report_read(root, &report, &outcome, &why), OK);
	if ((outcome.code == OK) != is_ok)
		fail_msg("%.*s", STR_FMT(note));
	assert_true(parse_u64(claims, &n) && n == expected);
	if (is_ok && expected > 0) {
		assert_int_equal(report.accepted, expected);
		assert_int_equal(report.lines, 4);
		assert_int_equal(feed_report_refused(&report), 1);
		assert_true(str_eq(report.format, STR("plain")));
	}
}

static void judge_notes(struct str notes)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct str note = { 0 };
	struct str claims = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		bool is_known = !str_eq(str_c(steps[i].format), STR("no-such-format"));

		assert_true(str_next_line(&notes, &note));
		judge_fetched(reader, &steps[i], note);
		if (steps[i].format[0] == '\0')
			continue;
		assert_true(str_next_line(&notes, &note) && str_next_line(&notes, &claims));
		judge_parsed(reader, note, claims, is_known, steps[i].claims);
	}
	/* the process died of its limit, and the next one works */
	if (!SANITIZED) {
		assert_true(str_next_line(&notes, &note) && str_next_line(&notes, &claims));
		assert_true(str_eq(note, STR("null")));
	}
	assert_true(str_next_line(&notes, &note) && str_next_line(&notes, &claims));
	judge_parsed(reader, note, claims, true, 2);
}

static int listen_somewhere(uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(listener != -1 &&
		    bind(listener, (const struct sockaddr *)&at, sizeof at) == 0 &&
		    listen(listener, 16) == 0 &&
		    getsockname(listener, (struct sockaddr *)&at, &size) == 0);
	*port = ntohs(at.sin_port);
	return listener;
}

static void test_roles(void **state)
{
	char data[] = "/tmp/pehra-feed-XXXXXX";
	char path[PATH_MAX];
	char where[32];
	CLEANUP(buf_done) struct buf notes = { 0 };
	uint16_t port;
	CLEANUP(fd_close) int listener = listen_somewhere(&port);
	struct why why;
	pid_t pids[2];
	int status;

	(void)state;
	assert_non_null(mkdtemp(data));
	assert_true(geteuid() != 0 || chown(data, NOBODY, NOBODY) == 0);
	/* keeper learns the web server's port by a socket of another kind on the same one */
	(void)snprintf(where, sizeof where, "127.0.0.1:%u", port);
	(void)snprintf(path, sizeof path, "%s/notes", data);
	pids[0] = fork();
	if (pids[0] == 0)
		serve(listener);
	pids[1] = fork();
	if (pids[1] == 0)
		run_server(data, where);
	assert_true(pids[0] > 0 && pids[1] > 0);
	for (int i = 0; i < PATIENCE_MS / 10 && access(path, R_OK) != 0; i++)
		(void)poll(NULL, 0, 10);

	enum err err = file_read(path, 1 << 20, &notes, &why);

	(void)kill(pids[1], SIGTERM);
	assert_int_equal(waitpid(pids[1], &status, 0), pids[1]);
	(void)kill(pids[0], SIGKILL);
	(void)waitpid(pids[0], NULL, 0);
	(void)unlink(path);
	(void)rmdir(data);
	assert_int_equal(err, OK);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	judge_notes(buf_view(&notes));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles),
	};

	if (role_is_asked(argc, argv))
		return role_run(argc, argv, roles, ARRAY_LEN(roles));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
