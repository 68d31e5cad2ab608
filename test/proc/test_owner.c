/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "base/io.h"
#include "proc/lock.h"
#include "proc/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOBODY = 65534, FOLDER_TEXT_MAX = 64 };

static char folder[FOLDER_TEXT_MAX];

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/pehra-owner-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_true(geteuid() != 0 || chown(folder, NOBODY, NOBODY) == 0);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "made", "lock", "new/made", "new", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[FOLDER_TEXT_MAX * 2];

		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		(void)remove(path);
	}
	return 0;
}

/* state: the folder to work in. */
static enum err make_file(void *state, struct why *why)
{
	char path[FOLDER_TEXT_MAX * 2];

	(void)snprintf(path, sizeof path, "%s/made", (const char *)state);
	CLEANUP(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd == -1 ? fail_sys(why, "cannot make %s", path) : OK;
}

static enum err refuse(void *state, struct why *why)
{
	(void)state;
	why_set(why, ERR_CORRUPT, 7, "no such luck");
	return ERR_CORRUPT;
}

static enum err die(void *state, struct why *why)
{
	(void)state;
	(void)why;
	_exit(0);
}

static uid_t owner_of(const char *name)
{
	char path[FOLDER_TEXT_MAX * 2];
	struct stat status;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(stat(path, &status), 0);
	return status.st_uid;
}

static void test_made_by_owner(void **state)
{
	char path[FOLDER_TEXT_MAX * 2];
	struct why why = { 0 };

	(void)state;
	assert_int_equal(owner_run(folder, NULL, make_file, folder, &why), OK);
	assert_int_equal(owner_of("made"), geteuid() == 0 ? NOBODY : geteuid());
	/* this process is who it was */
	(void)snprintf(path, sizeof path, "%s/new", folder);
	assert_int_equal(
		owner_run(path, geteuid() == 0 ? "nobody" : NULL, make_file, path, &why), OK);
	assert_int_equal(owner_of("new/made"), geteuid() == 0 ? NOBODY : geteuid());
	assert_int_equal(owner_run(path, "no-such-user", make_file, path, &why), OK);
}

static void test_failures(void **state)
{
	struct owner owner;
	struct why why = { 0 };

	(void)state;
	assert_int_equal(owner_run(folder, NULL, refuse, NULL, &why), ERR_CORRUPT);
	assert_true(why.line == 7 && strcmp(why.text, "no such luck") == 0);
	if (geteuid() == 0)
		assert_int_equal(owner_run(folder, NULL, die, NULL, &why), ERR_CLOSED);
	assert_int_equal(owner_find(folder, "no-such-user", &owner, &why), ERR_NOT_FOUND);
	assert_int_equal(owner_find("/tmp/pehra-is-not-here", NULL, &owner, &why), ERR_IO);
}

static void test_lock(void **state)
{
	CLEANUP(fd_close) int lock = -1;
	char path[FOLDER_TEXT_MAX * 2];
	char trap[FOLDER_TEXT_MAX * 2];
	struct why why;

	(void)state;
	assert_int_equal(lock_take(folder, &lock, &why), OK);
	assert_int_equal(owner_of("lock"), geteuid() == 0 ? NOBODY : geteuid());
	fd_close(&lock);
	if (geteuid() != 0)
		return;
	/* root is not made to give away a file that the owner linked there */
	(void)snprintf(path, sizeof path, "%s/lock", folder);
	(void)snprintf(trap, sizeof trap, "%s/made", folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(link(trap, path), 0);
	assert_int_equal(lock_take(folder, &lock, &why), ERR_DENIED);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(trap, path), 0);
	assert_int_equal(lock_take(folder, &lock, &why), ERR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_by_owner),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_lock),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
