/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/own_server.h"

#include "base/io.h"
#include "proc/control.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	START_WAIT_MS = 60000,
	POLL_MS = 20,
	COMMAND_WAIT_MS = 600000,
	WORDS_MAX = 24,
	FILE_BYTES_MAX = 1 << 20,
	DESCRIPTORS_AT_ONCE = 16
};

static void works(enum err err, const struct why *why)
{
	if (err != OK)
		(void)fprintf(stderr, "%s\n", why->text);
	must(err == OK);
}

double now_wall_s(void)
{
	struct timespec time;

	must(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds_of(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

double now_cpu_s(void)
{
	struct rusage own;
	struct rusage children;

	must(getrusage(RUSAGE_SELF, &own) == 0 && getrusage(RUSAGE_CHILDREN, &children) == 0);
	return seconds_of(&own.ru_utime) + seconds_of(&own.ru_stime) +
	       seconds_of(&children.ru_utime) + seconds_of(&children.ru_stime);
}

static void sleep_ms(long ms)
{
	(void)nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* A port of loopback that nothing uses at the moment, for UDP and TCP. */
static uint16_t free_port(void)
{
	for (;;) {
		struct sockaddr_in address = { .sin_family = AF_INET };
		socklen_t length = sizeof address;
		CLEANUP(fd_close) int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		CLEANUP(fd_close) int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		must(udp != -1 && tcp != -1);
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		must(bind(udp, (struct sockaddr *)&address, length) == 0);
		must(getsockname(udp, (struct sockaddr *)&address, &length) == 0);
		if (bind(tcp, (struct sockaddr *)&address, length) == 0)
			return ntohs(address.sin_port);
	}
}

/* Ends with this process, writes to out. */
static pid_t program_start(const char *const *words, int out, int errors)
{
	char *arguments[WORDS_MAX + 2] = { (char[]){ "pehra" } };
	pid_t pid;
	size_t n = 0;

	for (; words[n] != NULL; n++) {
		must(n < WORDS_MAX);
		arguments[n + 1] = strdup(words[n]);
		must(arguments[n + 1] != NULL);
	}
	pid = fork();
	must(pid != -1);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		(void)dup2(out, STDOUT_FILENO);
		(void)dup2(errors, STDERR_FILENO);
		(void)execv(PEHRA_PROGRAM, arguments);
		_exit(127);
	}
	while (n > 0)
		free(arguments[n--]);
	return pid;
}

void own_server_pehra(struct own_server *server, const char *const *words, struct buf *out)
{
	const char *all[WORDS_MAX + 1] = { 0 };
	struct why why;
	int ends[2];
	int status;
	size_t n = 0;
	pid_t pid;

	for (; words[n] != NULL; n++) {
		must(n + 2 < WORDS_MAX);
		all[n] = words[n];
	}
	all[n++] = "--data";
	all[n++] = server->data;
	must(pipe2(ends, O_CLOEXEC) == 0);
	pid = program_start(all, ends[1], STDERR_FILENO);
	(void)close(ends[1]);
	works(fd_read_all(ends[0], FILE_BYTES_MAX, out, &why), &why);
	(void)close(ends[0]);
	while (waitpid(pid, &status, 0) == -1)
		must(errno == EINTR);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		(void)fprintf(stderr, "pehra %s failed: %s\n", words[0], buf_c(out));
		must(!"pehra ends with 0");
	}
}

static void print_log(struct own_server *server)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(buf_done) struct buf log = { 0 };
	struct why why;

	buf_fmt(&path, "%s/server.log", server->folder);
	if (file_read(buf_c(&path), FILE_BYTES_MAX, &log, &why) == OK)
		(void)fprintf(stderr, "%s\n", buf_c(&log));
}

static void serve(struct own_server *server)
{
	const char *const words[] = { "serve", "--data", server->data, "--dns", server->dns,
		"--http", server->http, NULL };
	CLEANUP(buf_done) struct buf path = { 0 };
	struct why why;
	enum err err = ERR_NOT_FOUND;

	buf_fmt(&path, "%s/server.log", server->folder);

	CLEANUP(fd_close)
	int log = open(buf_c(&path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	must(log != -1);
	server->pid = program_start(words, log, log);
	for (int waited = 0; err != OK && waited < START_WAIT_MS; waited += POLL_MS) {
		err = control_connect(server->data, &server->control, &why);
		if (err != OK)
			sleep_ms(POLL_MS);
	}
	if (err != OK)
		print_log(server);
	works(err, &why);
	/* answered by keeper once it is at work */
	(void)own_server_command(server, "status", "{}");
}

void own_server_start(struct own_server *server)
{
	/* snapshots are built when the bench asks, not in the midst of what it measures */
	static const char settings[] = "feeds:\n  enabled: [\"!*\"]\nhttp:\n  rate: 0\n"
				       "snapshot:\n  interval: 1d\n";
	static const char *const init[] = { "init", NULL };
	const char *temporary = getenv("TMPDIR");
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(buf_done) struct buf out = { 0 };
	struct why why;

	*server = (struct own_server){ .control = CHANNEL_CLOSED, .next_id = 1 };
	(void)snprintf(server->folder, sizeof server->folder, "%.200s/pehra-bench-XXXXXX",
		temporary == NULL ? "/tmp" : temporary);
	must(mkdtemp(server->folder) != NULL);
	(void)snprintf(server->data, sizeof server->data, "%s/data", server->folder);
	server->dns_port = free_port();
	server->http_port = free_port();
	(void)snprintf(server->dns, sizeof server->dns, "127.0.0.1:%u", server->dns_port);
	(void)snprintf(server->http, sizeof server->http, "127.0.0.1:%u", server->http_port);
	server->reader = json_reader_new();
	own_server_pehra(server, init, &out);
	buf_fmt(&path, "%s/pehra.conf", server->data);
	works(file_replace(buf_c(&path), str_c(settings), 0600, &why), &why);
	serve(server);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info;
	(void)type;
	(void)where;
	return remove(path);
}

void own_server_done(struct own_server *server)
{
	channel_done(&server->control);
	if (server->pid > 0) {
		(void)kill(server->pid, SIGTERM);
		while (waitpid(server->pid, NULL, 0) == -1 && errno == EINTR)
			;
	}
	server->pid = 0;
	if (server->folder[0] != '\0')
		(void)nftw(server->folder, remove_one, DESCRIPTORS_AT_ONCE, FTW_DEPTH | FTW_PHYS);
	server->folder[0] = '\0';
	json_reader_free(&server->reader);
	buf_done(&server->answer);
}

void own_server_send(struct own_server *server, const char *command, const char *arguments)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct why why;

	buf_fmt(&text, "{\"command\":\"%s\",\"arguments\":%s}", command, arguments);
	works(channel_send_blocking(&server->control,
		      &(struct message){ MESSAGE_COMMAND, server->next_id++, buf_view(&text), -1 },
		      COMMAND_WAIT_MS, &why),
		&why);
}

struct json_node own_server_command(
	struct own_server *server, const char *command, const char *arguments)
{
	struct json_node root;
	struct message message;
	uint64_t id = server->next_id;
	bool is_ok = false;
	bool is_reply = false;
	struct why why;

	own_server_send(server, command, arguments);
	while (!is_reply) {
		works(channel_receive_blocking(&server->control, &message, COMMAND_WAIT_MS, &why),
			&why);
		is_reply = message.id == id && message.type == MESSAGE_REPLY;
		buf_clear(&server->answer);
		buf_str(&server->answer, message.payload);
		message_done(&message);
	}
	works(json_parse(server->reader, buf_view(&server->answer), &root, &why), &why);
	if (!json_bool(json_get(root, "ok"), &is_ok) || !is_ok) {
		(void)fprintf(stderr, "%s: %s\n", command, buf_c(&server->answer));
		must(!"keeper does what it is asked");
	}
	return json_get(root, "result");
}

uint64_t own_server_number(struct json_node result, const char *key)
{
	uint64_t value;

	must(json_u64(json_get(result, key), &value));
	return value;
}

const char *own_server_path(struct own_server *server, const char *part)
{
	buf_clear(&server->answer);
	buf_fmt(&server->answer, "%s/%s", server->data, part);
	return buf_c(&server->answer);
}
