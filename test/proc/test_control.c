/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "base/io.h"
#include "proc/control.h"
#include "proc/inherit.h"

#include <sys/stat.h>
#include <unistd.h>

static void test_callers(void **state)
{
	/* longer than a socket's address may be */
	char data[] =
		"/tmp/pehra-control-"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-XXXXXX";
	char path[sizeof data + sizeof CONTROL_FILE + 1];
	CLEANUP(inherit_done) struct inherit_set set = { .n = 0 };
	CLEANUP(channel_done) struct channel client = CHANNEL_CLOSED;
	CLEANUP(channel_done) struct channel server = CHANNEL_CLOSED;
	struct control_caller caller;
	struct message message;
	struct stat file;
	struct why why;

	(void)state;
	assert_non_null(mkdtemp(data));
	(void)snprintf(path, sizeof path, "%s/" CONTROL_FILE, data);
	assert_int_equal(control_connect(data, &client, &why), ERR_NOT_FOUND);

	const struct inherit row = { CONTROL_NAME, INHERIT_UNIX, path, 0, 1, 1U << PROCESS_KEEPER,
		0 };

	assert_int_equal(inherit_open_all(&set, &row, 1, data, &why), OK);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 07777, CONTROL_MODE);
	assert_int_equal(control_accept(set.items[0].fd, &server, &caller, &why), ERR_NOT_FOUND);
	assert_int_equal(control_connect(data, &client, &why), OK);
	assert_int_equal(control_accept(set.items[0].fd, &server, &caller, &why), OK);
	assert_true(caller.uid == getuid() && caller.gid == getgid() && caller.pid == getpid());

	/* a client may command; what roles say to each other is not for it */
	assert_int_equal(channel_send_text(&client, MESSAGE_COMMAND, 1, STR("{}"), &why), OK);
	assert_int_equal(channel_send_text(&client, MESSAGE_CLAIMS, 1, STR("x"), &why), ERR_USAGE);
	assert_int_equal(channel_write(&client, &why), OK);
	assert_int_equal(channel_receive_blocking(&server, &message, 1000, &why), OK);
	assert_int_equal(message.type, MESSAGE_COMMAND);

	/* a server that died leaves its file, which the next one replaces */
	inherit_done(&set);
	channel_done(&client);
	assert_int_equal(control_connect(data, &client, &why), ERR_NOT_FOUND);
	assert_int_equal(inherit_open_all(&set, &row, 1, data, &why), OK);
	assert_int_equal(control_connect(data, &client, &why), OK);
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/" CONTROL_FOLDER, data);
	(void)rmdir(path);
	(void)rmdir(data);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *where;
		enum err expected;
	} rows[] = {
		{ "127.0.0.1:0", OK }, { "[::1]:0", OK }, { "127.0.0.1", ERR_USAGE },
		{ "127.0.0.1:", ERR_USAGE }, { "127.0.0.1:65536", ERR_USAGE },
		{ "localhost:53", ERR_USAGE }, { ":53", ERR_USAGE }, { "", ERR_USAGE },
		{ "[::1:0", ERR_USAGE },
		{ "192.0.2.1:0", ERR_IO }, /* not an address of this machine */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(inherit_done) struct inherit_set set = { .n = 0 };
		const struct inherit tcp = { "x", INHERIT_TCP, rows[i].where, 0, 2, 0, 0 };
		struct why why;

		if (inherit_open_all(&set, &tcp, 1, "/tmp", &why) != rows[i].expected)
			fail_msg("%s", rows[i].where);
		assert_int_equal(set.n, rows[i].expected == OK ? 2 : 0);
	}
}

static void test_memory(void **state)
{
	CLEANUP(inherit_done) struct inherit_set set = { .n = 0 };
	const struct inherit row = { "stats", INHERIT_MEMORY, NULL, 4096, 1, 0, 0 };
	struct why why;

	(void)state;
	assert_int_equal(inherit_open_all(&set, &row, 1, "/tmp", &why), OK);
	assert_int_equal(pwrite(set.items[0].fd, "x", 1, 4095), 1);
	assert_int_equal(pwrite(set.items[0].read_fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(set.items[0].fd, 1), -1);
	assert_int_equal(pwrite(set.items[0].fd, "x", 1, 4096), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_callers),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
