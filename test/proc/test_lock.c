/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "base/io.h"
#include "proc/lock.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_busy(void **state)
{
	char folder[] = "/tmp/pehra-lock-XXXXXX";
	char path[64];
	CLEANUP(fd_close) int lock = -1;
	struct why why;
	int ready[2];
	char byte;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(pipe(ready), 0);

	pid_t holder = fork();

	assert_true(holder != -1);
	if (holder == 0) {
		int held;

		if (lock_take(folder, &held, &why) != OK || write(ready[1], "x", 1) != 1)
			_exit(1);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(lock_take(folder, &lock, &why), ERR_BUSY);
	(void)snprintf(path, sizeof path, "in use by process %d", (int)holder);
	assert_non_null(strstr(why.text, path));

	/* a crash frees it */
	assert_int_equal(kill(holder, SIGKILL), 0);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	assert_int_equal(lock_take(folder, &lock, &why), OK);

	int second = -1;

	assert_int_equal(lock_take(folder, &second, &why), ERR_BUSY);
	(void)snprintf(path, sizeof path, "%s/lock", folder);
	(void)unlink(path);
	(void)rmdir(folder);
}

static void test_no_folder(void **state)
{
	int lock;
	struct why why;

	(void)state;
	assert_int_equal(lock_take("/tmp/pehra-is-not-here", &lock, &why), ERR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
