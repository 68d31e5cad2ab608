/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parent with the roles of test_roles.c, in their real sandboxes, seen from outside: by
 * keeper's control socket, answer's UDP port, the log and the process table.
 */
#include "prop.h"

#include "base/io.h"
#include "base/json_read.h"
#include "base/log.h"
#include "proc/control.h"
#include "proc/lock.h"
#include "proc/parent.h"
#include "test_roles.h"

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
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, NOBODY = 65534, PIDS_MAX = 16, LOG_MAX = 1 << 22 };
enum { EXIT_STOPPED = 0, EXIT_REFUSED = 3, EXIT_BROKEN = 4 };

struct server {
	char data[PATH_MAX];
	char control[PATH_MAX + 32];
	char dns[32];
	uint16_t dns_port;
	int log; /* what it wrote to standard error */
	pid_t pid;
	const char *words; /* for the settings */
	bool is_single;
	int stop_ms;
	unsigned reloads;
	struct json_reader *json;
};

static void put_settings(void *state, enum process process, struct buf *json)
{
	const struct server *server = state;

	buf_fmt(json, "{\"words\":\"%s\",\"reloads\":%u,\"role\":\"%s\"}", server->words,
		server->reloads, process_word(process));
}

static enum err reload(void *state, struct why *why)
{
	struct server *server = state;

	/* fail() is cmocka's in a test */
	if (server->reloads == 2) {
		why_set(why, ERR_SYNTAX, 0, "the third reload fails");
		return ERR_SYNTAX;
	}
	server->reloads++;
	return OK;
}

static void run_server(struct server *server)
{
	/* quick, so that many deaths fit in a test */
	static const struct backoff_times times = { 2, 20, 200 };
	const uint32_t keeper = 1U << PROCESS_KEEPER;
	const struct inherit rows[] = {
		{ "dns", INHERIT_UDP, server->dns, 0, 1, 1U << PROCESS_ANSWER, 0 },
		{ "http", INHERIT_TCP, "[::1]:0", 0, 3, 1U << PROCESS_WEB, 0 },
		{ CONTROL_NAME, INHERIT_UNIX, server->control, 0, 1, keeper, 0 },
		{ "memory", INHERIT_MEMORY, NULL, TEST_MEMORY_BYTES, 1, keeper, 1U << PROCESS_WEB },
	};
	const struct parent_options options = {
		.data = server->data,
		.roles = test_roles,
		.role_count = TEST_ROLES,
		.inherits = rows,
		.inherit_count = ARRAY_LEN(rows),
		.is_single = server->is_single,
		.stop_ms = server->stop_ms,
		.backoff = &times,
		.state = server,
		.settings = put_settings,
		.reload = reload,
	};
	struct why why;
	int lock;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)dup2(server->log, STDERR_FILENO);
	log_start("parent", LOG_INFO);
	if (lock_take(server->data, &lock, &why) != OK || parent_run(&options, &why) != OK) {
		log_why(LOG_ERROR, "serve_failed", &why);
		_exit(why.code == ERR_USAGE ? EXIT_REFUSED : EXIT_BROKEN);
	}
	_exit(EXIT_STOPPED);
}

static uint16_t free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof at;
	CLEANUP(fd_close) int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	return ntohs(at.sin_port);
}

static void server_start(struct server *server, const char *words)
{
	char folder[] = "/tmp/pehra-parent-XXXXXX";

	server->words = words;
	assert_non_null(mkdtemp(folder));
	assert_true(geteuid() != 0 || chown(folder, NOBODY, NOBODY) == 0);
	(void)snprintf(server->data, sizeof server->data, "%s", folder);
	(void)snprintf(server->control, sizeof server->control, "%s/" CONTROL_FILE, folder);
	server->dns_port = free_port();
	(void)snprintf(server->dns, sizeof server->dns, "127.0.0.1:%u", server->dns_port);
	server->log = memfd_create("log", MFD_CLOEXEC);
	assert_true(fcntl(server->log, F_SETFL, O_APPEND) == 0);
	server->json = json_reader_new();
	server->pid = fork();
	assert_true(server->pid != -1);
	if (server->pid == 0)
		run_server(server);
}

static int server_wait(struct server *server)
{
	int status = -1;

	for (int i = 0; i < PATIENCE_MS; i++) {
		if (waitpid(server->pid, &status, WNOHANG) == server->pid) {
			server->pid = 0;
			return status;
		}
		(void)poll(NULL, 0, 1);
	}
	fail_msg("the server does not end");
	return status;
}

/* For a person who looks at a failure. */
static void show_log(const struct server *server)
{
	CLEANUP(buf_done) struct buf log = { 0 };
	struct why why;

	if (lseek(server->log, 0, SEEK_SET) == 0 &&
		fd_read_all(server->log, LOG_MAX, &log, &why) == OK)
		(void)!write(STDERR_FILENO, log.data, log.n);
}

static bool log_has(const struct server *server, const char *text)
{
	CLEANUP(buf_done) struct buf log = { 0 };
	struct why why;

	assert_int_equal(lseek(server->log, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(server->log, LOG_MAX, &log, &why), OK);
	return strstr(buf_c(&log), text) != NULL;
}

static void server_done(struct server *server)
{
	char path[PATH_MAX + 32];

	if (server->pid > 0) {
		(void)kill(server->pid, SIGKILL);
		(void)waitpid(server->pid, NULL, 0);
	}
	json_reader_free(&server->json);
	(void)unlink(server->control);
	(void)snprintf(path, sizeof path, "%s/lock", server->data);
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/" CONTROL_FOLDER, server->data);
	(void)rmdir(path);
	(void)rmdir(server->data);
	fd_close(&server->log);
}

struct status {
	uint64_t life;
	uint64_t cycles;
	uint64_t commands;
	uint64_t wrong;
	uint64_t reloads;
	uint64_t ready; /* roles */
	uint64_t failing;
	uint64_t sandbox_missing;
	pid_t pids[PIDS_MAX];
	size_t pid_count;
};

static uint64_t number(struct json_node node, const char *key)
{
	uint64_t value = 0;

	(void)!json_u64(json_get(node, key), &value);
	return value;
}

static void read_roles(struct json_node roles, struct status *out)
{
	struct json_iterator it = json_each(roles);
	struct json_node role;

	while (json_next(&it, &role)) {
		struct str state = STR("");
		bool is_failing = false;
		pid_t pid = (pid_t)number(role, "pid");

		(void)!json_str(json_get(role, "state"), &state);
		(void)!json_bool(json_get(role, "failing"), &is_failing);
		out->ready += str_eq(state, STR("ready"));
		out->failing += is_failing;
		out->sandbox_missing += json_count(json_get(role, "sandbox_missing"));
		if (pid > 0 && out->pid_count < PIDS_MAX)
			out->pids[out->pid_count++] = pid;
	}
}

/* False when nobody answers now. */
static bool ask_status(struct server *server, struct status *out)
{
	CLEANUP(channel_done) struct channel keeper = CHANNEL_CLOSED;
	struct message reply;
	struct json_node root;
	struct why why;

	*out = (struct status){ 0 };
	if (control_connect(server->data, &keeper, &why) != OK ||
		channel_send_text(&keeper, MESSAGE_COMMAND, 1, STR("{}"), &why) != OK ||
		channel_receive_blocking(&keeper, &reply, 500, &why) != OK)
		return false;
	assert_int_equal(json_parse(server->json, reply.payload, &root, &why), OK);
	out->life = number(root, "life");
	out->cycles = number(root, "cycles");
	out->commands = number(root, "commands");
	out->wrong = number(root, "wrong");
	out->reloads = number(json_get(root, "settings"), "reloads");
	read_roles(json_get(json_get(root, "health"), "roles"), out);
	return true;
}

/* What answer says on its port; false when it is silent. */
static bool ask_answer(const struct server *server, char *text, size_t size)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(server->dns_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CLEANUP(fd_close) int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct pollfd wait = { fd, POLLIN, 0 };

	if (sendto(fd, "?", 1, 0, (const struct sockaddr *)&to, sizeof to) != 1 ||
		poll(&wait, 1, 200) != 1)
		return false;

	ssize_t n = recv(fd, text, size - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return true;
}

enum { ALL_ROLES = TEST_ROLES - 1 + TEST_PARSERS };

static bool is_healthy(struct server *server)
{
	struct status before, after;
	char text[64];

	if (!ask_status(server, &before) || before.ready != ALL_ROLES)
		return false;
	assert_int_equal(before.wrong, 0);
	for (int i = 0; i < 100; i++) {
		(void)poll(NULL, 0, 5);
		if (!ask_status(server, &after) || after.life != before.life)
			return false;
		if (after.cycles > before.cycles + 1 && after.commands > before.commands)
			return ask_answer(server, text, sizeof text) &&
			       str_starts(str_c(text), STR("cycle "));
	}
	return false;
}

static void wait_healthy(struct server *server)
{
	int64_t end_ns = clock_monotonic_ns(NULL) + (int64_t)PATIENCE_MS * 1000000;

	while (clock_monotonic_ns(NULL) < end_ns) {
		if (is_healthy(server))
			return;
		(void)poll(NULL, 0, 10);
	}
	show_log(server);
	fail_msg("not healthy again");
}

static void wait_log(const struct server *server, const char *text)
{
	for (int i = 0; i < PATIENCE_MS / 5; i++) {
		if (log_has(server, text))
			return;
		(void)poll(NULL, 0, 5);
	}
	fail_msg("the log does not say: %s", text);
}

static bool is_gone(pid_t pid)
{
	/* orphans come to this process (a subreaper), which buries them */
	(void)waitpid(pid, NULL, WNOHANG);
	return kill(pid, 0) == -1 && errno == ESRCH;
}

static void wait_gone(const struct status *status)
{
	for (size_t i = 0; i < status->pid_count; i++) {
		int tries = 0;

		while (!is_gone(status->pids[i]) && tries++ < PATIENCE_MS)
			(void)poll(NULL, 0, 1);
		assert_true(tries < PATIENCE_MS);
	}
}

static void test_life(void **state)
{
	CLEANUP(server_done) struct server server = { 0 };
	struct status status;

	(void)state;
	server_start(&server, "");
	wait_healthy(&server);
	assert_true(log_has(&server, "event=ready role=parent"));
	assert_true(ask_status(&server, &status));
	assert_int_equal(status.pid_count, ALL_ROLES);
	if (geteuid() == 0)
		assert_int_equal(status.sandbox_missing, 0);

	int lock;
	struct why why;

	assert_int_equal(lock_take(server.data, &lock, &why), ERR_BUSY);
	assert_int_equal(kill(server.pid, SIGTERM), 0);
	assert_int_equal(server_wait(&server), EXIT_STOPPED);
	assert_false(log_has(&server, "role_died"));
	wait_gone(&status);
}

static void test_reload(void **state)
{
	CLEANUP(server_done) struct server server = { 0 };
	struct status status = { 0 };

	(void)state;
	server_start(&server, "");
	wait_healthy(&server);
	for (uint64_t n = 1; n <= 2; n++) {
		assert_int_equal(kill(server.pid, SIGHUP), 0);
		for (int i = 0; i < 1000 && status.reloads != n; i++)
			assert_true(ask_status(&server, &status));
		assert_int_equal(status.reloads, n);
	}
	/* settings that cannot be read leave the old ones */
	assert_int_equal(kill(server.pid, SIGHUP), 0);
	wait_log(&server, "event=reload_failed");
	wait_healthy(&server);
	assert_true(ask_status(&server, &status));
	assert_int_equal(status.reloads, 2);
	assert_int_equal(kill(server.pid, SIGINT), 0);
	assert_int_equal(server_wait(&server), EXIT_STOPPED);
}

/* Any role, at any moment, several at once. */
static void test_kill_any_role(void **state)
{
	CLEANUP(server_done) struct server server = { 0 };
	struct prop random = { prop_env("PEHRA_SEED", 20261123) };
	uint64_t rounds = prop_env("PEHRA_CASES", 40);
	struct status status;
	uint64_t killed = 0;

	(void)state;
	server_start(&server, "");
	wait_healthy(&server);
	while (killed < rounds) {
		if (!ask_status(&server, &status) || status.pid_count == 0)
			continue;
		for (uint64_t n = 1 + prop_below(&random, 3); n > 0; n--)
			killed += kill(status.pids[prop_below(&random, status.pid_count)],
					  SIGKILL) == 0;
		(void)poll(NULL, 0, (int)prop_below(&random, 12));
		if (prop_below(&random, 4) == 0)
			wait_healthy(&server);
	}
	wait_healthy(&server);
	assert_true(log_has(&server, "how=\"signal 9\""));
	assert_int_equal(kill(server.pid, SIGTERM), 0);
	assert_int_equal(server_wait(&server), EXIT_STOPPED);
}

static void test_parent_dies(void **state)
{
	CLEANUP(server_done) struct server server = { 0 };
	struct status status;

	(void)state;
	server_start(&server, "");
	wait_healthy(&server);
	assert_true(ask_status(&server, &status) && status.pid_count == ALL_ROLES);
	assert_int_equal(kill(server.pid, SIGKILL), 0);
	assert_true(WIFSIGNALED(server_wait(&server)));
	wait_gone(&status);
}

static void test_stubborn_role(void **state)
{
	CLEANUP(server_done) struct server server = { .stop_ms = 200 };
	struct status status;

	(void)state;
	server_start(&server, "stubborn");
	wait_healthy(&server);
	assert_true(ask_status(&server, &status));
	assert_int_equal(kill(server.pid, SIGTERM), 0);
	assert_int_equal(server_wait(&server), EXIT_STOPPED);
	wait_gone(&status);
}

static void test_crash_loop(void **state)
{
	CLEANUP(server_done) struct server server = { 0 };
	struct status status;

	(void)state;
	server_start(&server, "crash");
	wait_log(&server, "event=role_failing role=parent name=\"answer\"");
	/* the others work, and everybody knows */
	assert_true(ask_status(&server, &status));
	assert_true(status.ready == ALL_ROLES - 1 && status.failing == 1 && status.cycles > 0);
	assert_false(log_has(&server, "event=ready"));
	assert_int_equal(kill(server.pid, SIGTERM), 0);
	assert_int_equal(server_wait(&server), EXIT_STOPPED);
}

static void test_hopeless(void **state)
{
	CLEANUP(server_done) struct server server = { 0 };

	(void)state;
	server_start(&server, "hopeless");

	int status = server_wait(&server);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_REFUSED);
}

static void test_port_taken(void **state)
{
	CLEANUP(server_done) struct server first = { 0 };
	CLEANUP(server_done) struct server second = { 0 };

	(void)state;
	server_start(&first, "");
	wait_healthy(&first);

	/* the second one finds the first one's port in use */
	server_start(&second, "");
	(void)kill(second.pid, SIGKILL);
	(void)server_wait(&second);
	(void)memcpy(second.dns, first.dns, sizeof second.dns);
	second.pid = fork();
	assert_true(second.pid != -1);
	if (second.pid == 0)
		run_server(&second);

	int status = server_wait(&second);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_BROKEN);
	assert_true(log_has(&second, "cannot listen on"));
}

static void test_single(void **state)
{
	CLEANUP(server_done) struct server server = { .is_single = true };

	(void)state;
	server_start(&server, "");
	wait_healthy(&server);
	assert_true(log_has(&server, "event=single"));
	assert_int_equal(kill(server.pid, SIGTERM), 0);
	assert_int_equal(server_wait(&server), EXIT_STOPPED);
}

/* What systemd hears. */
static void test_notify(void **state)
{
	CLEANUP(server_done) struct server server = { 0 };
	CLEANUP(fd_close) int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct timeval patience = { PATIENCE_MS / 1000, 0 };
	static const char *const expected[] = { "READY=1",
		"RELOADING=1\nMONOTONIC_USEC=", "READY=1", "STOPPING=1" };
	static const int then[] = { SIGHUP, 0, SIGTERM, 0 };
	char said[128] = "";
	bool was_alive = false;

	(void)state;
	(void)snprintf(at.sun_path, sizeof at.sun_path, "@pehra-test-%d", (int)getpid());
	assert_int_equal(setenv("NOTIFY_SOCKET", at.sun_path, 1), 0);
	assert_int_equal(setenv("WATCHDOG_USEC", "100000", 1), 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(at.sun_path));

	at.sun_path[0] = '\0';
	assert_int_equal(bind(manager, (const struct sockaddr *)&at, size), 0);
	assert_int_equal(
		setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	server_start(&server, "");
	for (size_t i = 0; i < ARRAY_LEN(expected);) {
		ssize_t n = recv(manager, said, sizeof said - 1, 0);

		assert_true(n > 0);
		said[n] = '\0';
		if (str_eq(str_c(said), STR("WATCHDOG=1"))) {
			was_alive = true;
			continue;
		}
		assert_true(str_starts(str_c(said), str_c(expected[i])));
		if (then[i] != 0)
			assert_int_equal(kill(server.pid, then[i]), 0);
		i++;
	}
	assert_true(was_alive);
	assert_int_equal(server_wait(&server), EXIT_STOPPED);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_kill_any_role),
		cmocka_unit_test(test_parent_dies),
		cmocka_unit_test(test_stubborn_role),
		cmocka_unit_test(test_crash_loop),
		cmocka_unit_test(test_hopeless),
		cmocka_unit_test(test_port_taken),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_notify),
	};

	if (role_is_asked(argc, argv))
		return role_run(argc, argv, test_roles, TEST_ROLES);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
