/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Against a real HTTP server on loopback (http_server.py), as its own process. */
#include "prop.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "feed/fetch.h"

enum { SKIP_CODE = 77, LIST_BYTES = 20 };

struct server {
	pid_t pid;
	unsigned port;
	int fd; /* a file in memory that stands for the temporary copy */
};

static struct server server;

static bool server_start(void)
{
	int ends[2];
	char text[16] = { 0 };
	uint64_t port;

	must(pipe(ends) == 0);
	server.pid = fork();
	must(server.pid != -1);
	if (server.pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		must(dup2(ends[1], STDOUT_FILENO) != -1);
		(void)execlp("python3", "python3", SOURCE_ROOT "/test/feed/http_server.py",
			(char *)NULL);
		_exit(SKIP_CODE);
	}
	must(close(ends[1]) == 0);

	ssize_t n = read(ends[0], text, sizeof text - 1);

	must(close(ends[0]) == 0);
	if (n <= 0 || !parse_u64(str_trim(str_from(text, (size_t)n)), &port))
		return false;
	server.port = (unsigned)port;
	server.fd = memfd_create("copy", MFD_CLOEXEC);
	must(server.fd != -1);
	return true;
}

static void server_stop(void)
{
	(void)kill(server.pid, SIGKILL);
	(void)waitpid(server.pid, NULL, 0);
}

static struct fetch_request request_for(char *url, size_t size, const char *path)
{
	struct fetch_request request = { .fd = server.fd, .limits = fetch_limits_default() };

	must(snprintf(url, size, "http://127.0.0.1:%u%s", server.port, path) < (int)size);
	request.url = str_c(url);
	return request;
}

static struct fetch_result fetch(const char *path, const struct fetch_validators *validators)
{
	char url[256];
	struct fetch_request request = request_for(url, sizeof url, path);
	struct fetch_result result;

	if (validators != NULL)
		request.validators = *validators;
	fetch_one(&request, &result);
	return result;
}

static void assert_body(const char *expected)
{
	char body[256];
	ssize_t n = pread(server.fd, body, sizeof body, 0);

	assert_true(n >= 0);
	assert_true(str_eq(str_from(body, (size_t)n), str_c(expected)));
}

static void fetched_and_not_modified(void **state)
{
	struct fetch_result first = fetch("/list", NULL);
	struct fetch_validators date = { 0 };
	struct fetch_result again;

	(void)state;
	assert_int_equal(first.status, FETCH_DONE);
	assert_int_equal(first.http_code, 200);
	assert_int_equal(first.bytes, LIST_BYTES);
	assert_string_equal(first.validators.etag, "\"v1\"");
	assert_string_equal(first.validators.last_modified, "Mon, 23 Nov 2026 10:00:00 GMT");
	assert_body("192.0.2.1\n192.0.2.2\n");

	again = fetch("/list", &first.validators);
	assert_int_equal(again.status, FETCH_NOT_MODIFIED);
	assert_string_equal(again.validators.etag, "\"v1\"");

	/* with a date alone; the answer repeats nothing, so what was sent stays */
	memcpy(date.last_modified, first.validators.last_modified, sizeof date.last_modified);
	again = fetch("/list", &date);
	assert_int_equal(again.status, FETCH_NOT_MODIFIED);
	assert_string_equal(again.validators.last_modified, date.last_modified);
}

static void nobody_asked_for_304(void **state)
{
	(void)state;
	assert_int_equal(fetch("/always-304", NULL).status, FETCH_FAILED);
}

/* A header cannot be smuggled in by a validator that the store gave back. */
static void validators_are_one_line(void **state)
{
	struct fetch_validators bad = { .etag = "\"v1\"\r\nX-Evil: 1" };

	(void)state;
	assert_int_equal(fetch("/list", &bad).status, FETCH_DONE);
}

static void redirects(void **state)
{
	struct fetch_result result = fetch("/to-list", NULL);

	(void)state;
	assert_int_equal(result.status, FETCH_DONE);
	assert_int_equal(result.redirects, 1);
	assert_string_equal(result.validators.etag, "\"v1\"");
	result = fetch("/loop", NULL);
	assert_int_equal(result.status, FETCH_FAILED);
	assert_int_equal(result.why.code, ERR_LIMIT);
	result = fetch("/to-file", NULL);
	assert_int_equal(result.status, FETCH_FAILED);
	assert_int_equal(result.why.code, ERR_DENIED);
}

static void failures_have_reasons(void **state)
{
	struct fetch_result result = fetch("/nothing", NULL);

	(void)state;
	assert_int_equal(result.status, FETCH_FAILED);
	assert_int_equal(result.http_code, 404);
	assert_int_equal(result.why.code, ERR_NOT_FOUND);
	result = fetch("/cut", NULL);
	assert_int_equal(result.status, FETCH_FAILED);
	assert_int_equal(result.why.code, ERR_CLOSED);
	assert_true(result.why.text[0] != '\0');
}

static void an_empty_body_is_a_body(void **state)
{
	(void)state;
	assert_int_equal(fetch("/list", NULL).status, FETCH_DONE);
	assert_int_equal(fetch("/empty", NULL).status, FETCH_DONE);
	assert_body("");
}

static void too_large(void **state)
{
	static const char *const paths[] = { "/huge", "/huge-told" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		char url[256];
		struct fetch_request request = request_for(url, sizeof url, paths[i]);
		struct fetch_result result;

		request.limits.bytes_max = 1 << 20;
		fetch_one(&request, &result);
		assert_int_equal(result.status, FETCH_FAILED);
		assert_int_equal(result.why.code, ERR_LIMIT);
		assert_true(result.bytes <= 1 << 20);
	}
}

static void too_slow(void **state)
{
	char url[256];
	struct fetch_request request = request_for(url, sizeof url, "/slow");
	struct fetch_result result;

	(void)state;
	request.limits.total_s = 1;
	fetch_one(&request, &result);
	assert_int_equal(result.status, FETCH_FAILED);
	assert_int_equal(result.why.code, ERR_TIMEOUT);

	request.limits.total_s = 60;
	request.limits.speed_slack_s = 2;
	fetch_one(&request, &result);
	assert_int_equal(result.why.code, ERR_TIMEOUT);
	assert_in_range(result.elapsed_ms, 1000, 20000);
}

static void says_who_asks_and_takes_bytes_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(fetch("/agent", NULL).status, FETCH_DONE);
	assert_body("pehra/" PEHRA_VERSION "|none");
}

static void other_schemes(void **state)
{
	static const char *const urls[] = { "ftp://127.0.0.1/x", "gopher://127.0.0.1/",
		"file:///etc/hostname", "dict://127.0.0.1:1/", "", "/etc/hostname" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct fetch_request request = {
			.url = str_c(urls[i]), .fd = server.fd, .limits = fetch_limits_default()
		};
		struct fetch_result result;

		fetch_one(&request, &result);
		assert_int_equal(result.status, FETCH_FAILED);
		assert_int_equal(result.why.code, ERR_USAGE);
	}
}

static void files_where_allowed(void **state)
{
	struct fetch_request request = {
		.url = STR("file://" SOURCE_ROOT "/share/sample/drop.txt"),
		.fd = server.fd,
		.limits = fetch_limits_default(),
	};
	struct fetch_result result;

	(void)state;
	request.limits.allow_file = true;
	fetch_one(&request, &result);
	assert_int_equal(result.status, FETCH_DONE);
	assert_true(result.bytes > 100);
	request.url = STR("file:///nowhere/at/all");
	fetch_one(&request, &result);
	assert_int_equal(result.status, FETCH_FAILED);
	assert_int_equal(result.why.code, ERR_NOT_FOUND);
}

struct seen {
	size_t done;
	size_t failed;
	uint64_t tags;
};

static void count(void *state, void *tag, const struct fetch_result *result)
{
	struct seen *seen = state;

	seen->done += result->status == FETCH_DONE;
	seen->failed += result->status == FETCH_FAILED;
	seen->tags |= UINT64_C(1) << *(const unsigned *)tag;
}

/* More than may run at once: each gives one result, and an extra descriptor wakes the loop. */
static void many_at_once(void **state)
{
	enum { MANY = 3 * FETCH_AT_ONCE };
	struct seen seen = { 0 };
	CLEANUP(fetcher_free) struct fetcher *fetcher = fetcher_new(count, &seen);
	unsigned tags[MANY];
	int fds[MANY];
	int ends[2];
	bool ready;
	bool was_ready = false;

	(void)state;
	must(pipe(ends) == 0);
	must(write(ends[1], "x", 1) == 1);
	for (unsigned i = 0; i < MANY; i++) {
		char url[256];
		struct fetch_request request =
			request_for(url, sizeof url, i % 4 == 3 ? "/nothing" : "/list");

		tags[i] = i;
		fds[i] = memfd_create("copy", MFD_CLOEXEC);
		request.fd = fds[i];
		request.tag = &tags[i];
		assert_int_equal(fetcher_add(fetcher, &request, NULL), OK);
	}
	while (fetcher_step(fetcher, ends[0], 100, &ready) > 0)
		was_ready = was_ready || ready;
	assert_true(was_ready);
	assert_int_equal(seen.done, MANY * 3 / 4);
	assert_int_equal(seen.failed, MANY / 4);
	assert_int_equal(seen.tags, (UINT64_C(1) << MANY) - 1);
	for (size_t i = 0; i < MANY; i++)
		fd_close(&fds[i]);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

/* A fetcher that is freed in the middle leaves nothing behind (the sanitizers look). */
static void dropped_in_the_middle(void **state)
{
	struct seen seen = { 0 };
	struct fetcher *fetcher = fetcher_new(count, &seen);
	char url[256];
	struct fetch_request request = request_for(url, sizeof url, "/slow");
	bool ready;

	(void)state;
	assert_int_equal(fetcher_add(fetcher, &request, NULL), OK);
	assert_int_equal(fetcher_step(fetcher, -1, 10, &ready), 1);
	fetcher_free(&fetcher);
	assert_null(fetcher);
	assert_int_equal(seen.done + seen.failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fetched_and_not_modified),
		cmocka_unit_test(nobody_asked_for_304),
		cmocka_unit_test(validators_are_one_line),
		cmocka_unit_test(redirects),
		cmocka_unit_test(failures_have_reasons),
		cmocka_unit_test(an_empty_body_is_a_body),
		cmocka_unit_test(too_large),
		cmocka_unit_test(too_slow),
		cmocka_unit_test(says_who_asks_and_takes_bytes_as_they_are),
		cmocka_unit_test(other_schemes),
		cmocka_unit_test(files_where_allowed),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(dropped_in_the_middle),
	};

	if (!server_start()) {
		(void)puts("SKIP: no python3 for the server");
		return SKIP_CODE;
	}

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	server_stop();
	return failed;
}
