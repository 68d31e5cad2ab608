/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "proc/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The mode that finds out what a role would need names the call, and kills all the same. */
static void test_report_mode(void **state)
{
	const struct sandbox_request request = {
		.process = PROCESS_PARSE, .data = "/tmp", .mode = SANDBOX_REPORT
	};
	char expected[64];
	char text[4096] = "";
	size_t length = 0;
	int status;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);

	pid_t pid = fork();

	assert_true(pid != -1);
	if (pid == 0) {
		struct sandbox_status sandbox;
		struct why why;

		if (dup2(ends[1], STDERR_FILENO) == -1 ||
			sandbox_enter(&request, &sandbox, &why) != OK)
			_exit(1);
		(void)syscall(SYS_chroot, "/");
		_exit(0);
	}
	(void)close(ends[1]);
	for (ssize_t n = 1; n > 0 && length < sizeof text - 1; length += (size_t)n) {
		n = read(ends[0], text + length, sizeof text - 1 - length);
		assert_true(n != -1);
	}
	(void)close(ends[0]);
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	(void)snprintf(
		expected, sizeof expected, "event=sandbox_violation call=%d", (int)SYS_chroot);
	assert_non_null(strstr(text, expected));
}

static void test_status_text(void **state)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct sandbox_status status = { 0xa5, 0x12 };
	struct sandbox_status back;

	(void)state;
	sandbox_status_put(&text, &status);
	assert_true(sandbox_status_parse(buf_view(&text), &back));
	assert_true(back.active == status.active && back.missing == status.missing);
	assert_false(sandbox_status_parse(STR(""), &back));
	assert_false(sandbox_status_parse(STR("1"), &back));
	assert_false(sandbox_status_parse(STR("1 2 3"), &back));
	assert_false(sandbox_status_parse(STR("256 0"), &back));
	assert_false(sandbox_status_parse(STR("-1 0"), &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_text),
		cmocka_unit_test(test_report_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
