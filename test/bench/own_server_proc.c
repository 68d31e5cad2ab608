/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What /proc tells of the server's processes (proc(5)). */
#include "bench/own_server.h"

#include "base/io.h"

#include <unistd.h>

enum { PROC_BYTES_MAX = 4 << 20, CHILDREN_MAX = 64 };

static void proc_read(pid_t pid, const char *part, struct buf *out)
{
	char path[96];
	struct why why;

	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, part);
	if (file_read(path, PROC_BYTES_MAX, out, &why) == OK)
		return;
	(void)fprintf(stderr, "%s\n", why.text);
	must(!"/proc is readable");
}

static size_t children_of(pid_t pid, pid_t out[CHILDREN_MAX])
{
	CLEANUP(buf_done) struct buf text = { 0 };
	char part[64];
	struct str rest;
	struct str word;
	uint64_t number;
	size_t n = 0;

	(void)snprintf(part, sizeof part, "task/%d/children", (int)pid);
	proc_read(pid, part, &text);
	rest = buf_view(&text);
	while (n < CHILDREN_MAX && str_next_word(&rest, &word)) {
		must(parse_u64(word, &number));
		out[n++] = (pid_t)number;
	}
	return n;
}

pid_t own_server_role(const struct own_server *server, const char *role)
{
	pid_t children[CHILDREN_MAX];
	size_t n = children_of(server->pid, children);

	for (size_t i = 0; i < n; i++) {
		CLEANUP(buf_done) struct buf name = { 0 };

		proc_read(children[i], "comm", &name);
		if (str_eq(str_trim(buf_view(&name)), str_c(role)))
			return children[i];
	}
	(void)fprintf(stderr, "no process of role %s\n", role);
	must(!"the role runs");
	return 0;
}

/* utime, stime, cutime and cstime: the 14th to 17th field, counted from the name in brackets. */
static double cpu_s_of(pid_t pid)
{
	enum { FIRST = 14, LAST = 17, BEHIND_NAME = 3 };
	CLEANUP(buf_done) struct buf text = { 0 };
	uint64_t ticks = 0;
	struct str rest;
	struct str word;

	proc_read(pid, "stat", &text);
	rest = buf_view(&text);
	rest = str_from_index(rest, str_find_last(rest, ')') + 1);
	for (int field = BEHIND_NAME; field <= LAST; field++) {
		uint64_t number;

		must(str_next_word(&rest, &word));
		if (field < FIRST)
			continue;
		must(parse_u64(word, &number));
		ticks += number;
	}
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

double own_server_cpu_s(const struct own_server *server)
{
	pid_t children[CHILDREN_MAX];
	size_t n = children_of(server->pid, children);
	double sum = cpu_s_of(server->pid);

	for (size_t i = 0; i < n; i++)
		sum += cpu_s_of(children[i]);
	return sum;
}

/* "VmHWM:     1234 kB" */
static bool line_kib(struct str line, struct str key, uint64_t *out)
{
	struct str word;

	if (!str_starts(line, key))
		return false;
	line = str_from_index(line, key.n);
	return str_next_word(&line, &word) && parse_u64(word, out);
}

double process_peak_mib(pid_t pid)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct str rest;
	struct str line;
	uint64_t kib;

	proc_read(pid, "status", &text);
	rest = buf_view(&text);
	while (str_next_line(&rest, &line)) {
		if (line_kib(line, STR("VmHWM:"), &kib))
			return (double)kib / 1024;
	}
	must(!"a process has a peak");
	return 0;
}

double process_private_mib(pid_t pid)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	bool is_snapshot = false;
	uint64_t sum = 0;
	struct str rest;
	struct str line;
	uint64_t kib;

	proc_read(pid, "smaps", &text);
	rest = buf_view(&text);
	while (str_next_line(&rest, &line)) {
		/* the first line of a mapping begins with its addresses, in lower-case hex */
		if (line.n != 0 && (byte_is_digit(line.p[0]) || line.p[0] >= 'a'))
			is_snapshot = str_find_str(line, STR(".pehra")) != line.n;
		else if (!is_snapshot && (line_kib(line, STR("Private_Clean:"), &kib) ||
						 line_kib(line, STR("Private_Dirty:"), &kib)))
			sum += kib;
	}
	return (double)sum / 1024;
}
